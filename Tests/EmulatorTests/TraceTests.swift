import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing
import Trace
import TraceExport

/// The trace on the machine: what is recorded is compared with a known sequence, by the kernel and on the host.
extension EmulatorTests {
  @Suite struct Traces {
    /// The kernel compares kinds and arguments of its own events; instructions are counted, so that the timer comes
    /// when it should however busy the host is.
    @Test(
      arguments: ThreadBehaviours.ways,
      [
        ("trace", "the trace tells the known sequence of 21 events"),
        ("trace-slices", "the trace tells of slices"),
      ])
    func whatIsRecordedIsRight(way: (Architecture, String), test: (name: String, text: String)) async throws {
      try await boot(
        arch: way.0, test: test.name, options: "switch=\(way.1) trace=on", countsInstructions: true,
        expecting: .passes("the last 4096 events are kept", test.text))
    }

    @Test(arguments: ThreadBehaviours.ways)
    func theTraceReachesTheHost(way: (Architecture, String)) async throws {
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      let file = folder + "/memory"
      let report = try await boot(
        arch: way.0, test: "trace", options: "switch=\(way.1) trace=16", countsInstructions: true,
        memoryFile: file, expecting: .passes("the trace tells the known sequence"))
      let trace = try #require(try CapturedTrace.all(debug: report.debug, memoryFile: file).first)
      #expect(trace.names[0] == "idle" && trace.names.values.contains("main"))
      let main = try #require(trace.names.first { $0.value == "main" }?.key)
      let urgent = try #require(trace.names.first { $0.value == "urgent" }?.key)
      let line = Timeline(trace.events)
      // Start-up, the first thread, back and forth with the urgent one, a sleep, and the end.
      #expect(line.runs.map(\.subject) == [0, main, urgent, main, urgent, main, 0, main])
      #expect(zip(line.runs, line.runs.dropFirst()).allSatisfy { $0.end == $1.begin })
      let kinds = trace.events.map(\.kind)
      #expect(kinds.filter { $0 == .lock }.count == 1 && kinds.filter { $0 == .unlock }.count == 1)
      #expect(line.interrupts.count == 1)
      // The sleep of a millisecond, as the processor's clock saw it, was neither short nor long.
      let sleep = try #require(line.runs.dropLast().last)
      let microseconds = Double(sleep.end - sleep.begin) / Double(trace.ticksPerSecond) * 1_000_000
      #expect(microseconds > 900 && microseconds < 2_000)
    }

    /// A panic ends a run in which nothing is written to the host any more; the trace is there nevertheless.
    @Test func theTraceOfAPanicReachesTheHost() async throws {
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      let report = try await boot(
        arch: .x86_64, test: "thread-overflow", options: "trace=on", memoryFile: folder + "/memory",
        expecting: .panics("kernel stack overflow: thread 1 `deep`"))
      let trace = try #require(
        try CapturedTrace.all(debug: report.debug, memoryFile: folder + "/memory").first)
      #expect(trace.events.last?.kind == .switching && trace.names[1] == "deep")
    }

    @Test func aKernelWithoutATraceAnnouncesNone() async throws {
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      let report = try await boot(
        arch: .i686, test: "pass", memoryFile: folder + "/memory", expecting: .passes())
      #expect(throws: CaptureError.noneAnnounced) {
        try CapturedTrace.all(debug: report.debug, memoryFile: folder + "/memory")
      }
    }

    @Test(arguments: [Architecture.i686, .x86_64])
    func theMonitorShowsTheLastEvents(arch: Architecture) async throws {
      try await bootImage(
        arch, path: .kernel, append: "trace=on", input: "trace\rexit\r",
        expecting: .passes(
          "apus> trace", "   ns before now  event         what", "switch to     0 idle, its turn",
          "create        1 monitor, level 16", "wake          1 monitor, satisfied",
          "switch to     1 monitor, its turn", "apus> exit"))
      try await bootImage(
        arch, path: .kernel, input: "trace\rexit\r",
        expecting: .passes("apus> trace", "the trace is off; trace=on on the command line turns it on"))
    }
  }
}
