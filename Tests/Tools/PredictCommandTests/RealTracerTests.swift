import HostSupport
import ProfileImport
import SpeedupModel
import Testing

/// What Debian's tracers really print becomes profiles.
struct RealTracerTests {
  /// Two processes and a shell: numbers of processes come and go at the beginning of lines, and lines break off.
  private static let program = "sh -c 'ls / | wc -l; ls / | wc -l'"

  private func profile(_ folder: Folder, _ file: String, _ options: String...) async throws -> Profile {
    let result = try await folder.predict(["import", file, "-o", "profile.json"] + options)
    #expect(result.status == 0, "\(result.errors)")
    return try Profile(json: Array(folder.read("profile.json").utf8), place: "profile.json")
  }

  @Test func straceTablesOfBothKinds() async throws {
    let folder = try Folder()
    _ = try await folder.shell(
      "strace -c -f -o c.txt \(Self.program); strace -c -w -f -o cw.txt \(Self.program)")
    let processor = try await profile(folder, "c.txt", "--user", "10ms")
    let wall = try await profile(folder, "cw.txt", "--format", "strace-cw", "--user", "10ms")
    #expect(processor.calls.map(\.name) == wall.calls.map(\.name))
    #expect(processor.calls.first { $0.name == "execve" }?.count ?? 0 >= 5)
    #expect(wall.calls.first { $0.name == "execve" }?.seconds ?? 0 > 0 && wall.computationSeconds == 0.01)
  }

  @Test(arguments: ["-o trace.txt \(program)", "\(program) 2>trace.txt"])
  func straceTracesInAFileAndOnTheStandardError(command: String) async throws {
    let folder = try Folder()
    _ = try await folder.shell("strace -T -ttt -f \(command)")
    let profile = try await profile(folder, "trace.txt")
    #expect(profile.threads == 5 && profile.computationSeconds > 0)
    #expect(profile.calls.first { $0.name == "execve" }?.count ?? 0 >= 5)
    #expect(profile.calls.first { $0.name == "write" }?.bytes ?? 0 > 4)
    #expect(profile.calls.first { $0.name == "wait4" }?.seconds == 0)
    let untouched = try await self.profile(folder, "trace.txt", "--keep-waiting")
    #expect(untouched.calls.first { $0.name == "wait4" }?.seconds ?? 0 > 0)
  }

  @Test func timesOfAShell() async throws {
    let folder = try Folder()
    _ = try await folder.shell("bash -c 'time -p ls /' >/dev/null 2>time.txt")
    let profile = try await profile(folder, "time.txt")
    #expect(profile.source == "time -p" && profile.userSeconds != nil && profile.systemSeconds != nil)
    #expect(try await folder.predict("naive", "time.txt", "--gamma", "2").output.contains("time.txt"))
  }

  @Test func recordMakesAProfileThatEveryCommandReads() async throws {
    let folder = try Folder()
    let recorded = try await folder.predict("record", "-o", "ls.json", "--", "ls", "/")
    #expect(recorded.status == 0, "\(recorded.errors)")
    for command in [["show"], ["refined"], ["rank"], ["sweep", "--x", "gamma=1:10"]] {
      #expect(try await folder.predict([command[0], "ls.json"] + command.dropFirst()).status == 0)
    }
    let profile = try Profile(json: Array(folder.read("ls.json").utf8), place: "ls.json")
    #expect(profile.program == "ls /" && profile.calls.contains { $0.name == "getdents64" && $0.count >= 2 })
  }

  @Test func recordKnowsTheBytesIfAsked() async throws {
    let folder = try Folder()
    let recorded = try await folder.predict(
      "record", "--bytes", "-o", "x.json", "--", "sh", "-c", "echo ten bytes | cat")
    #expect(recorded.status == 0, "\(recorded.errors)")
    let profile = try Profile(json: Array(folder.read("x.json").utf8), place: "x.json")
    #expect(profile.calls.first { $0.name == "write" }?.bytes == 20 && profile.threads == 3)
  }

  @Test func recordOfWhatCannotRunWritesNothing() async throws {
    let folder = try Folder()
    let result = try await folder.predict("record", "-o", "x.json", "--", "no-such-program")
    #expect(result.status == 1 && result.errors.contains("no-such-program") && folder.files.isEmpty)
  }

  @Test func aFileOfCallsServesTheTracerAndTheModel() async throws {
    let folder = try Folder()
    try folder.write("# hot calls\nread\nwrite\n", to: "calls")
    let model = try await folder.predict("refined", "@gzip", "--policy", "file:calls")
    #expect(model.output.contains("forwarded: read, write"))
    let delayed = try await folder.predict(
      "delay", "--policy", "calls", "--cost", "1us", "--runs", "1", "--", "sh", "-c", "echo there; exit 3")
    #expect(
      delayed.status == 3 && delayed.output.contains("there")
        && delayed.output.contains("delayed calls a run: "))
    try folder.write("read\nwrit\n", to: "bad")
    let refused = try await folder.predict("delay", "--policy", "bad", "--cost", "1us", "--", "true")
    #expect(refused.status == 1 && refused.errors.contains("bad:2: found \"writ\""))
  }
}
