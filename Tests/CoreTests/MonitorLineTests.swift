import Core
import Testing

private func read(_ text: String) -> MonitorLine { MonitorLine(Array(text.utf8).span) }

@Test(arguments: MonitorCommand.allCases)
func everyCommandIsUnderstoodByItsName(command: MonitorCommand) {
  #expect(read(command.name.description) == .command(command))
  #expect(read("  \(command.name.description)  ") == .command(command))
}

@Test func otherWordsAreUnknown() {
  for text in ["helpme", "hel", "help me", "Help"] { #expect(read(text) == .unknown) }
}

@Test func blanksAreNothing() {
  #expect(read("") == .empty)
  #expect(read("    ") == .empty)
}

@Test func aNumberMayFollow() {
  #expect(read("kill 12") == .numbered(.kill, 12))
  #expect(read(" ring   7 ") == .numbered(.ring, 7))
  for text in ["kill 1 2", "kill -1", "kill 1234567", "kill x", "kil 3"] { #expect(read(text) == .unknown) }
}
