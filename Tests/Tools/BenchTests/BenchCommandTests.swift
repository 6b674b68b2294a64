import CommandFixture
import HostSupport
import Testing

/// `apus bench` as a user calls it.
@Suite struct BenchCommandTests {
  private static func bench(_ arguments: [String]) async throws -> CommandResult {
    try await ApusCommand.run(["bench"] + arguments)
  }

  @Test func listExplainsEveryBenchmark() async throws {
    let result = try await Self.bench(["--list"])
    #expect(result.status == 0)
    for word in ["yield/software/same-space", "hourglass/hardware", "context-switch = ", "a sample is"] {
      #expect(result.output.contains(word))
    }
  }

  @Test func anUnknownNameIsGuessed() async throws {
    let result = try await Self.bench(["yeild"])
    #expect(result.status == 64)
    #expect(result.errors.contains("no benchmark is called `yeild`; did you mean yield"))
  }

  @Test(arguments: [
    (["--runs", "0"], "--runs 0: allowed are 1 to 1000"), (["--timeout", "0"], "allowed are numbers"),
    (["--peer", "minix"], "minix"), (["--arch", "vax"], "vax"), (["--frobnicate"], "--frobnicate"),
    (["--from", "x", "--wall"], "--from measures nothing"),
  ])
  func aBadOptionIsNamed(arguments: [String], words: String) async throws {
    let result = try await Self.bench(arguments)
    #expect(result.status == 64)
    #expect(result.errors.contains(words), "\(result.errors)")
  }

  @Test func aMissingReportIsNamed() async throws {
    let result = try await Self.bench(["--from", "/nowhere.json"])
    #expect(result.status == 1 && result.errors.contains("/nowhere.json does not exist"))
  }
}
