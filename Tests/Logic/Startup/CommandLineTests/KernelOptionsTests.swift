import CommandLine
import Log
import Testing

private func parse(_ text: String) throws(CommandLineError) -> KernelOptions {
  try KernelOptions(parsing: Array(text.utf8).span)
}

private func refusal(_ text: String) -> CommandLineError? {
  do throws(CommandLineError) {
    _ = try parse(text)
    return nil
  } catch {
    return error
  }
}

private func part(_ text: String, _ range: Range<Int>?) -> String? {
  range.map { String(decoding: Array(text.utf8)[$0], as: UTF8.self) }
}

@Test(arguments: ["", "   ", "\t", "/boot/kernel.elf", "kernel", "/tmp/a=b/kernel.elf "])
func aLineWithoutOptionsLeavesTheDefaults(_ line: String) throws {
  let options = try parse(line)
  #expect(options.log == .info)
  #expect(options.switchMethod == .software)
  #expect(options.console == .all)
  #expect(options.program == nil)
  #expect(options.test == nil)
}

@Test(arguments: LogLevel.allCases)
func everyLogLevelIsUnderstoodByItsName(_ level: LogLevel) throws {
  #expect(try parse("log=\(level.name)").log == level)
}

@Test func optionsAreUnderstoodBehindTheKernelsName() throws {
  let line =
    "/k.elf log=debug switch=hardware console=serial,debug ramdisk=64 program=/bin/sh test=null-access"
  let options = try parse(line)
  #expect(options.log == .debug)
  #expect(options.switchMethod == .hardware)
  #expect(options.console == [.serial, .debug])
  #expect(options.ramdisk == 64)
  #expect(part(line, options.program) == "/bin/sh")
  #expect(part(line, options.test) == "null-access")
}

@Test func timersAreUnderstoodByTheirNames() throws {
  #expect(try parse("").timer == .best)
  #expect(try parse("timer=one-shot").timer == .oneShot)
  #expect(try parse("timer=periodic").timer == .periodic)
  #expect(try parse("timer=interval").timer == .interval)
  #expect(refusal("timer=sundial")?.reason == .badValue)
}

@Test func aTraceIsOffUnlessSaidOtherwise() throws {
  #expect(try parse("").traceKilobytes == 0)
  #expect(try parse("trace=on").traceKilobytes == 64)
  #expect(try parse("trace=on trace=off").traceKilobytes == 0)
  #expect(try parse("trace=4").traceKilobytes == 4)
  #expect(try parse("trace=16384").traceKilobytes == 16_384)
}

@Test func floatingPointIsSwitchedEagerlyUnlessSaidOtherwise() throws {
  #expect(try parse("").switchesFloatingPointEagerly)
  #expect(try !parse("fpu=eager fpu=lazy").switchesFloatingPointEagerly)
  #expect(try parse("fpu=eager").switchesFloatingPointEagerly)
  #expect(refusal("fpu=never")?.reason == .badValue)
}

@Test(arguments: [
  "program=\"/bin/a b\" log=error", "\"program=/bin/a b\" log=error", "k \"program=/bin/a b\"",
])
func quotesKeepSpacesInAValue(_ line: String) throws {
  #expect(part(line, try parse(line).program) == "/bin/a b")
}

@Test func theLastOfRepeatedOptionsWins() throws {
  #expect(try parse("log=debug log=error").log == .error)
}

@Test func everythingBehindTwoDashesBelongsToTheProgram() throws {
  let line = "program=/bin/sh --  -c \"echo log=nonsense"
  #expect(part(line, try parse(line).programArguments) == "-c \"echo log=nonsense")
}

@Test func aSecondEqualsSignBelongsToTheValue() throws {
  let line = "program=/bin/a=b"
  #expect(part(line, try parse(line).program) == "/bin/a=b")
}

struct Refused: Sendable, CustomTestStringConvertible {
  let line: String
  let reason: CommandLineError.Reason
  let option: KernelOption?
  let word: String
  var testDescription: String { line }

  init(_ line: String, _ reason: CommandLineError.Reason, _ option: KernelOption?, _ word: String) {
    (self.line, self.reason, self.option, self.word) = (line, reason, option, word)
  }
}

@Test(arguments: [
  Refused("colour=red", .unknownOption, nil, "colour"),
  Refused("k verbose", .unknownOption, nil, "verbose"),
  Refused("=debug", .unknownOption, nil, ""),
  Refused("LOG=debug", .unknownOption, nil, "LOG"),
  Refused("logs=debug", .unknownOption, nil, "logs"),
  Refused("log", .missingValue, .log, "log"),
  Refused("k log", .missingValue, .log, "log"),
  Refused("log=", .missingValue, .log, "log="),
  Refused("program=\"\"", .missingValue, .program, "program=\"\""),
  Refused("log=loud", .badValue, .log, "loud"),
  Refused("log=debugg", .badValue, .log, "debugg"),
  Refused("switch=maybe", .badValue, .threadSwitch, "maybe"),
  Refused("trace=yes", .badValue, .trace, "yes"),
  Refused("trace=2", .badValue, .trace, "2"),
  Refused("trace=48", .badValue, .trace, "48"),
  Refused("trace=32768", .badValue, .trace, "32768"),
  Refused("trace=99999999999", .badValue, .trace, "99999999999"),
  Refused("console=serial,printer", .badValue, .console, "printer"),
  Refused("console=serial,", .badValue, .console, ""),
  Refused("ramdisk=0", .badValue, .ramdisk, "0"),
  Refused("ramdisk=2048", .badValue, .ramdisk, "2048"),
  Refused("ramdisk=64M", .badValue, .ramdisk, "64M"),
  Refused("ramdisk=18446744073709551617", .badValue, .ramdisk, "18446744073709551617"),
  Refused("program=\"/bin", .unclosedQuote, nil, "\""),
  Refused("\"program=/bin", .unclosedQuote, nil, "\""),
  Refused("program=\"/bin\"x", .misplacedQuote, nil, "x"),
  Refused("program=/b\"in\"", .misplacedQuote, nil, "\""),
  Refused("lo\"g=debug\"", .misplacedQuote, nil, "\""),
  Refused("log=de\u{1}bug", .controlCharacter, nil, "\u{1}"),
  Refused("program=\"a\nb\"", .controlCharacter, nil, "\n"),
])
func aRefusalNamesTheOptionAndThePlace(_ refused: Refused) {
  let error = refusal(refused.line)
  #expect(error?.reason == refused.reason)
  #expect(error?.option == refused.option)
  #expect(part(refused.line, error.map { $0.start..<$0.end }) == refused.word)
}

@Test(arguments: KernelOption.allCases)
func everyOptionSaysWhatItAllows(_ option: KernelOption) {
  #expect(option.allowed.utf8CodeUnitCount > 0)
  #expect(refusal("k \(option.name)")?.option == option)
}

@Test(arguments: [UInt64(5), 6])
func randomBytesAreRefusedOrUnderstoodButNeverTrap(_ seed: UInt64) {
  print("seed \(seed)")
  var state = seed
  let alphabet = Array("log=debugprogram \"-/,=\t\u{1}".utf8) + [0xFF]
  for _ in 0..<20_000 {
    var line: [UInt8] = []
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    for _ in 0..<Int(state >> 59) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      line.append(alphabet[Int(state >> 33) % alphabet.count])
    }
    do throws(CommandLineError) {
      _ = try KernelOptions(parsing: line.span)
    } catch {
      #expect(error.start <= error.end && error.end <= line.count)
    }
  }
}
