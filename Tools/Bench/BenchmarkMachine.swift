import HostSupport
import ImageBuilder
import Launch

/// A machine that measures when it is booted, and how its samples are to be understood.
public struct BenchmarkMachine: Sendable {
  /// What is measured, in words for progress and errors.
  public var title: String
  /// The machine.
  public var machine: GuestMachine
  /// Who is measured: `apus` or a peer.
  public var system: String
  /// The result's names that are wanted; empty for all that arrive.
  public var wanted: [String]
  /// Seconds after which a run is ended.
  public var timeout: Double
  /// The versions of what takes part.
  public var versions: [String: String]
  /// What is typed at the machine's console.
  public var input: [UInt8] = []

  /// A measurement; nothing is started.
  public init(
    title: String, machine: GuestMachine, system: String, wanted: [String], timeout: Double,
    versions: [String: String]
  ) {
    self.title = title
    self.machine = machine
    self.system = system
    self.wanted = wanted
    self.timeout = timeout
    self.versions = versions
  }

  /// Boots the machine once.
  ///
  /// - Throws: `ToolError` as `contents(of:)` does.
  public func run() async throws -> SampleReader.Contents {
    // A machine that counts instructions is slow and prints nothing while it measures: that is no hang.
    let options = Session.Options(timeout: timeout, input: input, hangPatience: timeout)
    return try contents(of: try await Launcher(machine).run(options))
  }

  /// What a run brought, if it ended as it should.
  ///
  /// - Throws: `ToolError` with the outcome's own status, the last lines of the console and the command line, if the
  ///   kernel stopped or samples are missing.
  public func contents(of report: Session.Report) throws -> SampleReader.Contents {
    let command = QEMU.command(for: machine).shellLine
    func refuse(_ what: String, status: Int32) -> ToolError {
      let last = report.serial.split(whereSeparator: \.isNewline).suffix(12).joined(separator: "\n  | ")
      return ToolError(
        "\(title): \(what)\(last.isEmpty ? "" : "\n  the console's last lines:\n  | \(last)")",
        advice: command, exitStatus: status)
    }
    if case .emulatorMissing = report.outcome {
      throw ToolError("\(title): \(report.outcome.sentence)", advice: "Tools/setup", exitStatus: 127)
    }
    guard report.outcome.isSuccess else {
      // A kernel that passes with a status of its own has not done what it was asked for either.
      let status = report.outcome.exitStatus
      throw refuse(report.outcome.sentence, status: status == 0 ? 1 : status)
    }
    let contents: SampleReader.Contents
    do throws(SampleReader.Problem) {
      contents = try SampleReader.read(report.serial)
    } catch {
      throw refuse("the samples can't be used: \(error)", status: 1)
    }
    if let name = contents.unfinished.first { throw refuse("\(name) began and did not end", status: 1) }
    let seen = contents.finished.map(\.name) + contents.skipped.map(\.name)
    if let name = wanted.first(where: { name in
      !seen.contains { $0 == name || name.hasPrefix($0 + "/") }
    }) {
      throw refuse("the run ended without samples of \(name)", status: 1)
    }
    if let empty = contents.finished.first(where: { $0.samples.isEmpty }) {
      throw refuse("\(empty.name) has no samples", status: 1)
    }
    return contents
  }

  /// Boots machines in turns until each has had runs enough; the turns keep what slows the host from one alone.
  ///
  /// - Returns: the results in the order of the measurements, and what could not be measured.
  public static func repeated(
    _ measurements: [BenchmarkMachine], _ repetition: Repetition, progress: (String) -> Void = { _ in }
  ) async throws -> BenchmarkReport {
    var series: [[(name: String, runs: [[Int]])]] = measurements.map { _ in [] }
    var missing: [String: String] = [:]
    var round = 0
    while round == 0
      || !repetition.isEnough(
        runs: round,
        medians: series.joined().map { $0.runs.map { $0.sorted()[$0.count / 2] } })
    {
      round += 1
      for (place, measurement) in measurements.enumerated() {
        progress("measuring \(measurement.title), run \(round)")
        let contents = try await measurement.run()
        for (name, reason) in contents.skipped { missing["\(measurement.system) \(name)"] = reason }
        for (name, samples) in contents.finished
        where measurement.wanted.isEmpty || measurement.wanted.contains(name) {
          let index = series[place].firstIndex { $0.name == name } ?? series[place].count
          if index == series[place].count { series[place].append((name, [])) }
          series[place][index].runs.append(samples)
        }
      }
    }
    let results = zip(measurements, series).flatMap { measurement, series in
      series.compactMap { name, runs in
        BenchmarkResult(
          name: name, system: measurement.system, arch: measurement.machine.architecture.rawValue,
          unit: measurement.machine.countsInstructions ? .instructions : .ticks, runs: runs,
          commandLine: QEMU.command(for: measurement.machine).shellLine, versions: measurement.versions)
      }
    }
    return BenchmarkReport(results: results, missing: missing)
  }
}
