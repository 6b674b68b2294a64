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
