import ArgumentParser
import DelayTracer
import Plotting
import SpeedupModel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The command `apus predict delay`.
struct DelayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delay",
    abstract:
      "Run a program with chosen system calls delayed by a delegate thread, and compare with the model.",
    discussion: """
      FILE holds one name of a system call a line. Such calls stop in the kernel, wait for a delegate thread that \
      spins for the rest of 2 f_c, and then run in the caller's own context. Neither root nor a kernel module is \
      needed. Runs with and without delay alternate; the slowdown is that of the medians.

      A prediction is for one thread unless --delegators says how many make the calls; then threads queue for \
      delegates, and both share the processors of this machine. It takes calls as evenly spread; threads that all \
      call at the same time wait longer, for which a second figure is given.

      Examples:
        printf 'read\\nwrite\\n' > calls; apus predict delay --policy calls --cost 10us -- gzip -k9f big.txt
        apus predict delay --policy calls --cost 10us --delegators 4 --delegates 2 -- ./server-test
      """)

  @Option(help: "File with one name of a system call a line; # begins a comment.") var policy: String
  @Option(help: "f_c: time to forward a call one way, such as 10us.") var cost: TimeArgument
  @Option(help: "Threads of the program that make the calls, for the prediction; 1 to 4096.") var delegators =
    1
  @Option(help: "Delegate threads, 1 to 64.") var delegates = 1
  @Option(help: "Runs with delay, and as many without; 1 to 1000.") var runs = 3
  @Flag(help: "Show how calls are intercepted, how they were counted, and which are not.") var explain = false
  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command:
    [String] = []

  func validate() throws {
    guard !command.isEmpty else {
      throw ValidationError("Give a program after --, as in: delay ... -- ls -l")
    }
    guard (1...4096).contains(delegators) else {
      throw ValidationError("--delegators must be from 1 to 4096.")
    }
    guard (1...64).contains(delegates) else { throw ValidationError("--delegates must be from 1 to 64.") }
    guard (1...1000).contains(runs) else { throw ValidationError("--runs must be from 1 to 1000.") }
    guard cost.seconds <= 10 else { throw ValidationError("--cost must be at most 10s.") }
  }

  func run() throws {
    let text = String(decoding: try WholeFile.read(policy), as: UTF8.self)
    let calls = try SystemCallNames.current.readPolicy(text, place: policy)
    let load = 10_000
    let calibration = try DelayCalibration(load: OwnProgram.calibrationLoad(load), count: load)
    var plain: [DelayOutcome] = []
    var delayed: [DelayOutcome] = []
    let spin = calibration.spinSeconds(for: cost.seconds)
    for _ in 0..<runs {
      plain.append(try Self.outcome(of: DelayRun(command)))
      delayed.append(
        try Self.outcome(of: DelayRun(command, calls: calls, spinSeconds: spin, delegates: delegates)))
    }
    report(plain, delayed, calls, calibration)
    let statuses = Set((plain + delayed).map(\.status))
    guard statuses.count == 1 else {
      throw InputError(
        command[0], found: "exit statuses \(statuses.sorted())",
        allowed: "a program that ends alike each time")
    }
    if let status = statuses.first, status != 0 { throw ExitCode(status) }
  }

  private static func outcome(of run: DelayRun) throws -> DelayOutcome {
    let outcome = try run.run()
    try outcome.stopIfInterrupted()
    return outcome
  }

  private func report(
    _ plain: [DelayOutcome], _ delayed: [DelayOutcome], _ calls: [String], _ calibration: DelayCalibration
  ) {
    let before = Statistics.median(plain.map(\.wallSeconds))
    let after = Statistics.median(delayed.map(\.wallSeconds))
    let count = Statistics.median(delayed.map { Double($0.delayedCount) })
    let basis = DelayPrediction.Basis(
      seconds: before, processorSeconds: Statistics.median(plain.map(\.processorSeconds)), calls: count,
      processors: ProcessorAffinity.count)
    let prediction = DelayPrediction(
      basis, holdSeconds: 2 * calibration.effectiveCost(cost.seconds), delegators: delegators,
      delegates: delegates)
    var table = TextTable(["", "seconds", "slowdown"])
    func add(_ label: String, _ seconds: Double, _ slowdown: String) {
      table.add([label, NumberText.significant(seconds, digits: 5), slowdown])
    }
    add("without delay, median of \(plain.count)", before, "1")
    add("delayed, measured", after, NumberText.significant(after / before, digits: 5))
    let label = delegators == 1 ? "delayed, predicted" : "delayed, predicted for \(delegators) threads"
    add(label, prediction.seconds, NumberText.significant(prediction.seconds / before, digits: 5))
    if delegators > 1 {
      let longest = prediction.secondsInStep
      add(
        "the same, if all call at the same time", longest,
        NumberText.significant(longest / before, digits: 5))
    }
    print(table.text, terminator: "")
    let work = Statistics.median(plain.map(\.processorSeconds))
    let delayedWork = Statistics.median(delayed.map(\.processorSeconds))
    let texts = [work, delayedWork, delayedWork / work].map { NumberText.significant($0, digits: 5) }
    print("in processor time of program and delegates: \(texts[0]) s, ", terminator: "")
    print("delayed \(texts[1]) s, slowdown \(texts[2])")
    print(
      "error of the prediction: \(NumberText.fixed((prediction.seconds - after) / after * 100, decimals: 2)) %"
    )
    print("delayed calls a run: \(Int(count)); interception alone: ", terminator: "")
    print("\(NumberText.engineering(calibration.mechanismSeconds))s a call, within 2 f_c = ", terminator: "")
    print("\(NumberText.engineering(2 * cost.seconds))s")
    noteThreads(prediction, basis, plain + delayed)
    if calibration.mechanismSeconds > 2 * cost.seconds {
      print("note: interception alone takes longer than 2 f_c; the prediction uses what it takes")
    }
    if let last = delayed.last {
      let busy = last.busySeconds / last.wallSeconds / Double(delegates)
      print("delegates busy: \(NumberText.fixed(busy * 100, decimals: 1)) %")
      if last.abandoned > 0 { print("requests without a caller any more: \(last.abandoned)") }
      if last.signalsMayRepeat { print("note: on this kernel a signal makes a waiting caller ask twice") }
    }
    for call in calls { if let text = InterceptionLimits.about(call) { print("note: \(text)") } }
    if explain { explain(delayed.last) }
  }

  /// What the prediction supposes about threads and processors.
  private func noteThreads(
    _ prediction: DelayPrediction, _ basis: DelayPrediction.Basis, _ outcomes: [DelayOutcome]
  ) {
    guard delegators > 1 else {
      if outcomes.contains(where: { $0.userSeconds + $0.systemSeconds > $0.wallSeconds * 1.2 }) {
        print("note: several threads ran at once, so delays overlap; ", terminator: "")
        print("--delegators N predicts for N threads, this prediction is for one")
      }
      return
    }
    let waiting = NumberText.engineering(prediction.waitingSeconds)
    print("threads wait \(waiting)s of the predicted run for a delegate that is busy")
    if delegators > basis.processors {
      print("note: \(delegators) threads share \(basis.processors) processors, with and without delay")
    }
    if prediction.isBoundByProcessors {
      print("note: predicted by the work of program and delegates on all processors, which takes longer")
    }
  }

  private func explain(_ last: DelayOutcome?) {
    for text in last?.mechanism?.sentences ?? [] { print("mechanism: \(text)") }
    for (name, count) in (last?.delayed ?? [:]).sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      print("  \(name) \(count)")
    }
    for text in InterceptionLimits.always { print("limit: \(text)") }
  }
}

extension DelayOutcome {
  /// Ends the command when somebody asked for its end while the program ran.
  func stopIfInterrupted() throws {
    guard interruption != 0 else { return }
    OutputFile.warn("interrupted: no result")
    throw ExitCode(128 + interruption)
  }
}
