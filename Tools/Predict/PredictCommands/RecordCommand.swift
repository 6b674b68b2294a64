import ArgumentParser
import DelayTracer
import Plotting
import ProfileImport
import SpeedupModel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The command `apus predict record`.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Run a Linux program and make its profile.",
    discussion: """
      Runs the program once untraced, for its real length, and once under `strace -c -w -f` (with --bytes under \
      `strace -T -ttt -f`), for its calls. strace adds far more time to a call than most calls take; how much is \
      measured first and taken off, so times of cheap calls are uncertain by about a microsecond a call. The traced \
      run is held to one processor. Needs strace (Debian package strace).

      Calls that wait for other threads or processes count, but with no time, if the program makes any: that time \
      belongs to whom they wait for.

      Example: apus predict record -o gzip.json -- gzip -k9f big.txt
      """)

  @Option(name: [.short, .long], help: "File to write; the standard output without it.") var output: String?
  @Option(help: "Name of the program; its command line without it.") var program: String?
  @Option(help: "Times of calls: corrected, raw, or system (shares of the untraced run's system time).")
  var times = "corrected"
  @Flag(
    help: "Record the bytes that calls move, for --per-byte: every call is written down, which takes longer.")
  var bytes = false
  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command:
    [String] = []

  func validate() throws {
    guard !command.isEmpty else { throw ValidationError("Give a program after --, as in: record -- ls -l") }
    guard ["corrected", "raw", "system"].contains(times) else {
      throw ValidationError("--times \(times): allowed are corrected, raw, system.")
    }
  }

  func run() throws {
    let plain = try DelayRun(command).run()
    try plain.stopIfInterrupted()
    let measured = times == "raw" ? 0 : try overhead()
    var options = ImportOptions()
    options.program = program ?? command.joined(separator: " ")
    options.keepsWaiting = true
    let (raw, status) = try trace(command, options)
    guard status == plain.status else {
      throw InputError(
        command[0], found: "exit status \(plain.status) untraced but \(status) under strace",
        allowed: "a program that does the same each time")
    }
    try OutputFile.write(
      profile(raw, plain, TracerOverhead.bounded(measured, by: raw.calls)).json(), to: output)
    if plain.status != 0 { OutputFile.warn("note: the program ended with status \(plain.status)") }
  }

  /// What the untraced run tells, put together with the calls of the traced one.
  private func profile(_ raw: Profile, _ plain: DelayOutcome, _ overhead: Double) throws -> Profile {
    var calls = raw.calls
    TracerOverhead.takeOff(overhead, from: &calls)
    var notes = ["times run from entry to return of a call, under strace"]
    if overhead > 0 {
      notes.append("\(NumberText.significant(overhead * 1e6)) µs a call taken off for strace")
    }
    if WaitingCalls.discount(&calls) {
      notes.append("several threads or processes: calls that wait for one another take no time")
    }
    // Time in the kernel and blocked: not what other programs had of the processor.
    let beside = max(
      plain.systemSeconds, plain.wallSeconds - plain.userSeconds - max(0, plain.queueSeconds))
    if times == "corrected", !WaitingCalls.areOfSeveral(calls), TracerOverhead.limit(&calls, to: beside) {
      notes.append("times are shortened to what the untraced run leaves beside its computation")
    }
    let spent = calls.reduce(0) { $0 + $1.seconds }
    if times == "system", spent > 0 {
      for index in calls.indices { calls[index].seconds *= plain.systemSeconds / spent }
      notes.append("times are shares of the untraced run's system time")
    }
    // Not the run's length less the calls: on a busy machine that holds the time other programs had.
    notes.append(
      "computation is the untraced run's user time; page faults and waiting for a processor are left out")
    return try Profile(
      program: raw.program, source: "apus predict record", computationSeconds: plain.userSeconds,
      userSeconds: plain.userSeconds, systemSeconds: plain.systemSeconds, wallSeconds: plain.wallSeconds,
      threads: raw.threads, calls: calls, notes: notes)
  }

  /// Seconds strace adds to a call: a call that takes 0.1 µs, timed by it.
  private func overhead() throws -> Double {
    var samples: [Double] = []
    for _ in 0..<3 {
      let (profile, _) = try trace(OwnProgram.calibrationLoad(5000), ImportOptions())
      guard let call = profile.calls.first(where: { $0.name == "getppid" }), call.count > 0 else { continue }
      samples.append(call.seconds / Double(call.count))
    }
    // The least: whatever made another sample longer was the machine, not strace.
    return samples.min() ?? 0
  }

  /// Runs `command` under strace; its profile and how it ended.
  private func trace(_ command: [String], _ options: ImportOptions) throws -> (Profile, Int32) {
    let file = try TemporaryFile()
    defer { file.remove() }
    // On one processor strace and the program hand over in some 4 µs; on two it takes 4 or 40, as it happens,
    // and what is taken off would belong to another case than what was measured.
    let kind = bytes ? ["-T", "-ttt"] : ["-c", "-w"]
    let run = DelayRun(["strace"] + kind + ["-f", "-o", file.path, "--"] + command)
    let outcome: DelayOutcome
    do throws(InputError) {
      outcome = try ProcessorAffinity.onOneProcessor { () throws(InputError) in try run.run() }
    } catch {
      guard error.place == "command" else { throw error }
      throw InputError(
        "strace", found: "no such program", allowed: "strace installed: apt-get install strace")
    }
    try outcome.stopIfInterrupted()
    let format: ProfileFormat = bytes ? .straceTrace : .straceWallSummary
    return (try ProfileImporter.read(path: file.path, as: format, options: options), outcome.status)
  }
}
