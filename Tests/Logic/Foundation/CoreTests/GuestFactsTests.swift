import Core
import Log
import Testing

/// A text as a string.
private func string(_ text: Text) -> String {
  String(decoding: (0..<text.count).map { text[$0] }, as: UTF8.self)
}

/// The words of a line by the heading's: names stand above what they name.
private func columns(_ facts: GuestFacts) -> [String: String] {
  var words = string(facts.line).split(separator: " ").map(String.init)
  words.removeAll { $0 == "ms" }
  let names = string(GuestFacts.heading).split(separator: " ").map(String.init)
  #expect(words.count == names.count)
  return Dictionary(zip(names, words), uniquingKeysWith: { first, _ in first })
}

@Test func aGuestsLineHasAColumnForEachName() {
  var facts = GuestFacts(number: 2, state: "running")
  (facts.level, facts.share, facts.megabytes, facts.starts) = (8, 50, 64, 3)
  facts.setName(ofModule: Array("/path/to/vmlinux guest memory=64 -- root=/dev/vda".utf8).span)
  var counts = GuestFacts.Counts()
  (counts.milliseconds, counts.calls, counts.fills, counts.traps, counts.interrupts) = (1, 20, 300, 4_000, 5)
  facts.counts = counts
  #expect(
    columns(facts) == [
      "guest": "2", "state": "running", "level": "8", "share": "50%", "MiB": "64", "starts": "3",
      "processor": "1", "calls": "20", "fills": "300", "traps": "4000", "interrupts": "5", "name": "vmlinux",
    ])
  let running = string(facts.line)
  facts.counts = nil
  facts.state = "ended"
  #expect(columns(facts)["calls"] == "-" && columns(facts)["state"] == "ended")
  // The same columns, whether it runs or not.
  #expect(string(facts.line).count == running.count)
}

@Test func aGuestsNameIsShortAndPrintable() {
  var facts = GuestFacts(number: 1, state: "ended")
  facts.setName(ofModule: Array("dir/\u{1B}[31m0123456789012345678901234567890 guest".utf8).span)
  let line = string(facts.line)
  #expect(line.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) })
  #expect(line.count < 130)
  facts.setName(ofModule: [UInt8]().span)
  #expect(string(facts.line).hasSuffix("- "))
}
