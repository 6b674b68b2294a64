import HostSupport
import Launch
import Testing

private let whole = """
  @apus-profile process 5 2 900 sh
  @apus-profile call 5 read 4 100 10 20 50 4096
  other words
  @apus-profile call 5 exit 1 7 7 7 7 0
  @apus-profile process 1 1 500 init
  @apus-profile call 1 read 1 60 60 60 60 1
  @apus-profile end 1000 0
  """

@Test func recordsOfAllProcessesAreRead() throws {
  let profile = try CallProfile(debugPort: whole)
  #expect(profile.processes.map(\.name) == ["sh", "init"])
  #expect(profile.totals.map(\.name) == ["exit", "read"])
  let read = try #require(profile.totals.last)
  #expect(read.count == 5 && read.ticks == 160 && read.least == 10 && read.median == 20 && read.most == 60)
}

@Test(arguments: [
  "", "@apus-profile process 5 2 900 sh", "@apus-profile end 0 0",
  "@apus-profile call 5 read 4 100 10 20 50 4096\n@apus-profile end 1 0",
  "@apus-profile process five 2 900 sh\n@apus-profile end 1 0",
  "@apus-profile surprise\n@apus-profile end 1 0",
])
func recordsThatMakeNoSenseAreRefused(text: String) {
  #expect(throws: ToolError.self) { try CallProfile(debugPort: text) }
}
