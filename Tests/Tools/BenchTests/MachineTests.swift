import HostSupport
import ImageBuilder
import Testing

@testable import Bench
@testable import Launch

/// What becomes of a run that did not go as it should.
@Suite struct MachineTests {
  static let machine = BenchmarkMachine(
    title: "yield on i686",
    machine: GuestMachine(
      architecture: .i686, medium: .kernel(path: "/k", modules: [], commandLine: "test=yield"),
      countsInstructions: true),
    system: "apus", wanted: ["yield/software/same-space"], timeout: 5, versions: [:])
  static let good = "bench 1 yield/software/same-space: 32\nbench 1 yield/software/same-space end 1\n"

  static func report(_ outcome: Outcome, _ serial: String) -> Session.Report {
    Session.Report(
      outcome: outcome, evidence: RunEvidence(), serial: serial, debug: "", seconds: 1)
  }

  @Test func aGoodRunHasItsSamples() throws {
    let contents = try Self.machine.contents(of: Self.report(.passed(status: 0), Self.good))
    #expect(contents.finished.map(\.samples) == [[32]])
  }

  @Test(
    arguments: [
      (Outcome.panic, 121), (.tripleFault, 122), (.hang("it halts"), 123), (.timeout(seconds: 5), 124),
      (.unknown("?"), 125), (.emulatorRefused("bad -cpu"), 126), (.interrupted, 130),
      (.failed(status: 1), 120), (.passed(status: 7), 7),
    ] as [(Outcome, Int32)])
  func aKernelThatStopsInTheMiddleGivesItsOutcomesStatus(outcome: Outcome, status: Int32) throws {
    let error = try #require(throws: ToolError.self) {
      _ = try Self.machine.contents(of: Self.report(outcome, Self.good + "panic: no more\n"))
    }
    #expect(error.exitStatus == status)
    #expect(error.message.hasPrefix("yield on i686: ") && error.message.contains("| panic: no more"))
    #expect(error.advice?.contains("qemu-system-i386") == true)
  }

  @Test func aMissingEmulatorIsNamed() throws {
    let error = try #require(throws: ToolError.self) {
      _ = try Self.machine.contents(of: Self.report(.emulatorMissing("qemu-system-i386"), ""))
    }
    #expect(error.exitStatus == 127 && error.advice == "Tools/setup")
    #expect(error.message.contains("qemu-system-i386 is not installed"))
  }

  @Test(arguments: [
    ("", "without samples of yield/software/same-space"),
    ("bench 1 yield/software/same-space: 32\n", "began and did not end"),
    (
      "bench 1 yield/software/same-space: 32\nbench 1 yield/software/same-space end 2\n",
      "1 samples arrived of 2"
    ),
    ("bench 1 yield/software/same-space end 0\n", "has no samples"),
    ("bench 3 yield/software/same-space: 32\n", "version 3"),
  ])
  func aPassWithoutSamplesIsNone(serial: String, words: String) throws {
    let error = try #require(throws: ToolError.self) {
      _ = try Self.machine.contents(of: Self.report(.passed(status: 0), serial))
    }
    #expect(error.message.contains(words) && error.exitStatus == 1)
  }

  @Test func whatIsSkippedIsNotMissed() throws {
    let contents = try Self.machine.contents(
      of: Self.report(.passed(status: 0), "bench 1 yield/software/same-space skipped clone error 38\n"))
    #expect(contents.skipped.count == 1)
  }
}
