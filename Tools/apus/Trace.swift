import ArgumentParser
import CommandSupport
import Foundation
import HostSupport
import ImageBuilder
import Launch
import TraceExport

/// `apus trace`: boots a kernel with its trace on, and shows who ran when.
struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Boots the kernel with its trace on, and draws who ran when.",
    discussion: """
      The kernel runs as with `apus run`, with its console and standard input, until it ends by itself or the time \
      is up. Its last events are then taken from the memory of the machine, and written for the viewers of Chrome's \
      trace format (chrome://tracing, Perfetto) and as a picture.

      Examples:
        apus trace                                   what happens until you type exit
        apus trace --icount < /dev/null              a boot, the same every time
        apus trace --size 1024 --timeout 5           more events, of five seconds
        apus trace --from 1200 --to 1500             a part of the picture, in microseconds from its beginning
      """)

  @OptionGroup var machineOptions: MachineOptions
  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("End the run after this many seconds.", valueName: "seconds"))
  var timeout: Double?
  @Option(help: ArgumentHelp("Memory for events in KiB, a power of two from 4 to 16384.", valueName: "KiB"))
  var size = 64
  @Option(help: ArgumentHelp("Where the events go, for a viewer.", valueName: "file")) var json = "trace.json"
  @Option(help: ArgumentHelp("Where the picture goes.", valueName: "file")) var svg = "trace.svg"
  @Option(help: ArgumentHelp("Begin the picture so long after the first event.", valueName: "microseconds"))
  var from: Double?
  @Option(help: ArgumentHelp("End the picture so long after the first event.", valueName: "microseconds"))
  var to: Double?

  mutating func validate() throws {
    if let timeout, !(timeout > 0 && timeout.isFinite) {
      throw ValidationError("--timeout \(timeout): allowed are numbers greater than 0 (seconds)")
    }
    if size < 4 || size > 16_384 || size & (size - 1) != 0 {
      throw ValidationError("--size \(size): allowed are powers of two from 4 to 16384 (KiB)")
    }
    for limit in [from, to].compactMap({ $0 }) where !(limit >= 0 && limit <= 1e12) {
      throw ValidationError("\(limit): allowed are 0 to 1000000000000 (microseconds)")
    }
    if let memory = machineOptions.memory, memory > 2048 {
      throw ValidationError("--memory \(memory): a trace is found in up to 2048 MiB")
    }
  }

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    var options = machineOptions
    options.kernelAppend = [options.kernelAppend, "trace=\(size)"].compactMap { $0 }.joined(separator: " ")
    var (machine, kernel) = try await options.prepare(project: project, toolchain: toolchain)
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    let memory = folder + "/memory"
    machine.memoryFile = memory
    Terminal.shared.clearStep()

    let symbolizer = try kernel.map { try Symbolizer(kernel: $0, toolchain: toolchain, project: project) }
    let filter = ConsoleFilter(symbolizer: symbolizer) { Terminal.shared.output($0) }
    let report = try await Launcher(machine).run(
      .init(timeout: timeout, relaysInput: true, output: filter.take))
    await filter.release()
    if let last = report.serial.last, !last.isNewline { Terminal.shared.output("\n".utf8) }
    Terminal.shared.headline(report.outcome.sentence, good: report.outcome.isSuccess)
    do {
      try write(try CapturedTrace.all(debug: report.debug, memoryFile: memory))
    } catch let error as CaptureError { throw ToolError(error.description) }
    // A run that we ended is one that has done what it should.
    if case .timeout = report.outcome { return }
    if report.outcome.exitStatus != 0 { throw ExitCode(report.outcome.exitStatus) }
  }

  private func write(_ traces: [CapturedTrace]) throws {
    guard let first = traces.first else { return }
    let lines = traces.map { Timeline($0.events) }
    let names = first.names
    try Files.write(ChromeTrace(ticksPerSecond: first.ticksPerSecond, names: names).json(lines), to: json)
    let line = lines[0]
    let part = line.part(from: tick(from, of: line, first) ?? 0, to: tick(to, of: line, first) ?? .max)
    let picture = TimelinePicture(ticksPerSecond: first.ticksPerSecond, names: names)
    try Files.write(picture.svg(part, title: "Who ran when"), to: svg)
    let events = traces.map(\.events.count).reduce(0, +)
    Terminal.shared.note("\(events) events: \(json) for a viewer, \(svg) to look at")
  }

  /// The tick that lies some microseconds after the beginning of a time line.
  private func tick(_ microseconds: Double?, of line: Timeline, _ trace: CapturedTrace) -> UInt64? {
    guard let microseconds else { return nil }
    let ticks = microseconds * Double(trace.ticksPerSecond) / 1_000_000
    return line.begin.addingReportingOverflow(UInt64(min(ticks, 1e18))).partialValue
  }
}
