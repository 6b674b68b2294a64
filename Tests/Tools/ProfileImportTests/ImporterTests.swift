import SpeedupModel
import Testing

@testable import ProfileImport

struct ImporterTests {
  private func read(_ text: String, _ format: ProfileFormat, _ options: ImportOptions = .init())
    throws(InputError)
    -> Profile
  {
    try ProfileImporter.read(bytes: Array(text.utf8), place: "f", as: format, options: options)
  }

  @Test func summaryGivesCountsAndSeconds() throws {
    var options = ImportOptions()
    options.userSeconds = 1.5
    for format in [ProfileFormat.straceSummary, .straceWallSummary] {
      let profile = try read(Samples.summary, format, options)
      #expect(profile.calls.map(\.name) == ["access", "execve", "mmap"])
      #expect(profile.calls.map(\.count) == [1, 1, 8])
      #expect((profile.callSeconds - 0.000722).magnitude < 1e-12)
      #expect(profile.computationSeconds == 1.5)
    }
  }

  @Test func traceGivesEveryFinishedCallOnce() throws {
    let profile = try read(Samples.trace, .straceTrace)
    #expect(profile.calls.map(\.name) == ["access", "execve", "exit_group", "futex", "read", "write"])
    #expect(profile.calls.allSatisfy { $0.count == 1 })
    #expect(profile.calls.first { $0.name == "read" }?.bytes == 12)
    #expect(profile.calls.first { $0.name == "futex" }?.seconds == 0.101)
    #expect(profile.threads == 2)
    #expect(((profile.wallSeconds ?? 0) - 0.2).magnitude < 1e-6)
    // From 0.000103 to 0.001, 0.001012 to 0.003, 0.00301 to 0.1045 and 0.104504 to 0.105.
    #expect((profile.computationSeconds - 0.104871).magnitude < 1e-6)
    let bracketed = try read(Samples.bracketTrace, .straceTrace)
    #expect(bracketed.callCount == 2)
  }

  @Test func brokenLinesAndThreadsWithoutNumbersAreFollowed() throws {
    let profile = try read(Samples.brokenTrace, .straceTrace)
    #expect(
      profile.calls.map(\.name) == ["clone", "clone3", "exit_group", "futex", "getpid", "read", "statfs"])
    #expect(profile.calls.allSatisfy { $0.count == 1 })
    #expect(profile.threads == 3)
    #expect(profile.calls[1].seconds == 0.1)
    // 4711: 0.1 to 0.3, 0.5 to 0.9 and 1.1 to 1.6; 4712: 0.1 to 0.35; 4713 began before its maker's return.
    #expect((profile.computationSeconds - 1.35).magnitude < 1e-6)
    #expect(profile.calls[3].seconds == 0, "waiting for another thread is no work")
    var options = ImportOptions()
    options.keepsWaiting = true
    #expect(try read(Samples.brokenTrace, .straceTrace, options).calls[3].seconds == 0.5)
  }

  @Test func perfTablesOfThreadsAddUp() throws {
    let profile = try read(Samples.perf, .perfSummary)
    #expect(profile.threads == 2)
    #expect(profile.calls.map(\.count) == [1, 10])
    #expect((profile.calls[1].seconds - 0.000131).magnitude < 1e-12)
  }

  @Test func timeGivesTheShareOfTheSystem() throws {
    let profile = try read(Samples.time, .time)
    #expect(((profile.timedShare ?? 0) - 0.28 / 2.28).magnitude < 1e-12)
    #expect(profile.wallSeconds == 2.5)
  }

  @Test func overheadIsTakenOffButNeverBelowZero() throws {
    var options = ImportOptions()
    options.overheadPerCall = 38e-6
    let profile = try read(Samples.summary, .straceWallSummary, options)
    #expect(profile.calls.allSatisfy { $0.seconds >= 0 })
    #expect((profile.calls[1].seconds - 334e-6).magnitude < 1e-12)
  }

  @Test func theQuickestCallBoundsTheTracersOverhead() {
    let calls = [
      CallRecord("getppid", count: 1000, seconds: 3.1e-3), CallRecord("write", count: 500, seconds: 2e-3),
      CallRecord("brk", count: 3, seconds: 1e-7),
    ]
    #expect((TracerOverhead.bounded(4e-6, by: calls) - 3e-6).magnitude < 1e-12)
    #expect(TracerOverhead.bounded(2e-6, by: calls) == 2e-6)
    #expect(TracerOverhead.bounded(2e-6, by: []) == 2e-6)
    #expect(TracerOverhead.bounded(1, by: [CallRecord("x", count: 100, seconds: 0)]) == 0)
  }

  @Test func callsTakeNoLongerThanTheRunLeaves() {
    var calls = [CallRecord("read", count: 2, seconds: 3), CallRecord("write", count: 1, seconds: 1)]
    #expect(!TracerOverhead.limit(&calls, to: 4) && calls[0].seconds == 3)
    #expect(TracerOverhead.limit(&calls, to: 1))
    #expect(calls.map(\.seconds) == [0.75, 0.25])
    #expect(TracerOverhead.limit(&calls, to: -1) && calls.allSatisfy { $0.seconds == 0 })
  }

  @Test func lengthOfTheUntracedRunGivesComputation() throws {
    var options = ImportOptions()
    options.wallSeconds = 1
    #expect(
      (try read(Samples.summary, .straceWallSummary, options).computationSeconds - 0.999278).magnitude < 1e-12
    )
  }

  @Test func windowsLineEndsMakeNoDifference() throws {
    let text = Samples.summary.split(separator: "\n", omittingEmptySubsequences: false).joined(
      separator: "\r\n")
    #expect(try read(text, .straceSummary).callCount == 10)
  }

  @Test(arguments: [
    (Samples.summary, ProfileFormat.straceSummary), (Samples.trace, .straceTrace),
    (Samples.bracketTrace, .straceTrace), (Samples.brokenTrace, .straceTrace),
    (Samples.perf, .perfSummary), (Samples.time, .time), ("{}", .json),
  ])
  func formatsAreToldApart(text: String, format: ProfileFormat) throws {
    #expect(try ProfileFormat.detect(LineSource(bytes: Array(text.utf8), place: "f")) == format)
  }

  @Test func unknownFormatNamesTheKnownOnes() {
    let error = #expect(throws: InputError.self) {
      try ProfileFormat.detect(LineSource(bytes: Array("hello\n".utf8), place: "f"))
    }
    #expect(error?.allowed.contains("strace-T") == true)
  }
}
