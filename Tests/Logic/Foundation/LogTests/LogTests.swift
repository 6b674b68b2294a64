import Base
import Log
import Testing

private struct Recorder: ConsoleOutput {
  var bytes: [UInt8] = []
  mutating func write(_ byte: UInt8) { bytes.append(byte) }
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

private func string(_ text: Text) -> String {
  String(decoding: (0..<text.count).map { text[$0] }, as: UTF8.self)
}

@Test(
  arguments: [
    (0, "0"), (9, "9"), (10, "10"), (4_294_967_295, "4294967295"), (4_294_967_296, "4294967296"),
    (18_446_744_073_709_551_615, "18446744073709551615"),
  ] as [(UInt64, String)])
func decimalNumbersReadAsTheyShould(value: UInt64, expected: String) {
  #expect(string("\(value)") == expected)
}

@Test func negativeNumbersHaveASign() {
  #expect(string("\(-42)") == "-42")
  #expect(string("\(Int64.min)") == "-9223372036854775808")
}

@Test func hexadecimalNumbersArePaddedToTheirWidth() {
  #expect(string("\(hexadecimal: 0xBEEF as UInt32, width: 8)") == "0x0000beef")
  #expect(string("\(hexadecimal: 0 as UInt32)") == "0x0")
  #expect(string("\(hexadecimal: UInt64.max)") == "0xffffffffffffffff")
}

@Test func byteCountsUseTheLargestWholeUnit() {
  #expect(string("\(bytes: 1023)") == "1023 bytes")
  #expect(string("\(bytes: 131_072)") == "128 KiB")
  #expect(string("\(bytes: 134_217_728)") == "128 MiB")
  #expect(string("\(bytes: 0)") == "0 bytes")
}

@Test func aTextThatIsTooLongShowsItsCut() {
  var text = Text()
  for _ in 0..<300 { text.append("x") }
  #expect(text.count == Text.capacity)
  #expect(text.isTruncated)
  #expect(string(text).hasSuffix("x>"))
}

@Test func unprintableBytesFromOutsideAreMasked() {
  var text = Text()
  let bytes: [UInt8] = [0x1B, 0x41, 0xFF]
  text.append(printable: bytes.span)
  #expect(string(text) == "?A?")
}

@Test func aLineCarriesTimeProcessorLevelAndSubject() {
  var log = Log(output: Recorder())
  log.write(.info, "memory", at: LogStamp(microseconds: 1_234, processor: 0), "\(3) frames")
  let shown = log.output.text
  #expect(shown == "[    0.001234] cpu0 info memory: 3 frames\n")
}

@Test func linesBelowTheThresholdAreKeptButNotShown() {
  var log = Log(output: Recorder(), threshold: .warning)
  log.write(.debug, "test", at: LogStamp(microseconds: 0, processor: 1), "hidden")
  let before = log.output.bytes.isEmpty
  #expect(before)
  log.showTail(lineCount: 5, indent: "  ")
  let shown = log.output.text
  #expect(shown == "  [    0.000000] cpu1 debug test: hidden\n")
}

@Test func theTailOfAFullRingHasOnlyWholeLines() {
  var log = Log(output: Recorder(), threshold: .error)
  for index in 0..<1_000 {
    log.write(.info, "test", at: LogStamp(microseconds: 0, processor: 0), "line \(index)")
  }
  log.showTail(lineCount: 2, indent: "")
  let two = log.output.text
  #expect(two.split(separator: "\n").map { $0.suffix(8) } == ["line 998", "line 999"])
  log.output.bytes = []
  log.showTail(lineCount: 1_000, indent: "")
  let all = log.output.text.split(separator: "\n")
  #expect(all.allSatisfy { $0.hasPrefix("[    0.000000] cpu0 info test: line ") })
}
