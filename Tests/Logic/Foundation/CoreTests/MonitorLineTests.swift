import Core
import Testing

private func read(_ text: String) -> MonitorLine { MonitorLine(Array(text.utf8).span) }

@Test(arguments: MonitorCommand.allCases.filter { $0 != .guests })
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
  #expect(read("load 1 20 ") == .pair(.load, 1, 20))
  #expect(read("load  3   0") == .pair(.load, 3, 0))
  for text in ["load 1 2 3", "load 1 x", "load 1 -2", "kill -1", "kill 1234567", "kill x", "kil 3"] {
    #expect(read(text) == .unknown)
  }
}

@Test func commandsForGuestsAreRead() {
  #expect(read("guests") == .guests(GuestCommand(.list)))
  #expect(read(" guests list ") == .guests(GuestCommand(.list)))
  #expect(read("guests pause 2") == .guests(GuestCommand(.pause, guest: 2)))
  #expect(read("guests  share 3  50") == .guests(GuestCommand(.share, guest: 3, value: 50)))
  for verb in GuestCommand.Verb.allCases where ![.list, .level, .share].contains(verb) {
    #expect(read("guests \(verb.name.description) 1") == .guests(GuestCommand(verb, guest: 1)))
  }
  for text in [
    "guests 1", "guests pause", "guests pause x", "guests pause 1 2", "guests share 1", "guests share 1 2 3",
    "guests list 1", "guests hug 1",
  ] {
    #expect(read(text) == .unknown)
  }
}

/// What a program writes is the same without the first word, and with or without the end of a line.
@Test func commandsForGuestsAreWritten() {
  func written(_ text: String) -> GuestCommand? { GuestCommand(written: Array(text.utf8).span) }
  #expect(written("pause 2\n") == GuestCommand(.pause, guest: 2))
  #expect(written("  share 3  50") == GuestCommand(.share, guest: 3, value: 50))
  for verb in GuestCommand.Verb.allCases where ![.list, .show, .level, .share].contains(verb) {
    #expect(written("\(verb.name.description) 1\n") == GuestCommand(verb, guest: 1))
  }
  for text in [
    "", "\n", "list", "show 1", "guests kill 1", "kill", "kill 1\nkill 2\n", "kill 1\n\n", "kill 1\0",
    "kill 4294967297", "kill 1" + String(repeating: " ", count: 60),
  ] {
    #expect(written(text) == nil)
  }
}
