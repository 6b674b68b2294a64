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

      Examples:
        printf 'read\\nwrite\\n' > calls; apus predict delay --policy calls --cost 10us -- gzip -k9f big.txt
        apus predict delay --policy calls --cost 10us --delegates 2 --runs 5 -- ./server-test
      """)

  @Option(help: "File with one name of a system call a line; # begins a comment.") var policy: String
  @Option(help: "f_c: time to forward a call one way, such as 10us.") var cost: TimeArgument
  @Option(help: "Delegate threads, 1 to 64.") var delegates = 1
  @Option(help: "Runs with delay, and as many without; 1 to 1000.") var runs = 3
  @Flag(help: "Show what cannot be intercepted, and how calls were counted.") var explain = false
  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command:
    [String] = []

  func validate() throws {
    guard !command.isEmpty else {
      throw ValidationError("Give a program after --, as in: delay ... -- ls -l")
    }
    guard (1...64).contains(delegates) else { throw ValidationError("--delegates must be from 1 to 64.") }
    guard (1...1000).contains(runs) else { throw ValidationError("--runs must be from 1 to 1000.") }
    guard cost.seconds <= 10 else { throw ValidationError("--cost must be at most 10s.") }
  }

  func run() throws {
    let text = String(decoding: try WholeFile.read(policy), as: UTF8.self)
    let calls = try SystemCallNames.current.readPolicy(text, place: policy)
    let calibration = try DelayCalibration(load: OwnProgram.calibrationLoad(5000), count: 5000)
    var plain: [DelayOutcome] = []
    var delayed: [DelayOutcome] = []
    for _ in 0..<runs {
      plain.append(try DelayRun(command).run())
      delayed.append(
        try DelayRun(
          command, calls: calls, spinSeconds: calibration.spinSeconds(for: cost.seconds), delegates: delegates
        ).run())
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

  private func report(
    _ plain: [DelayOutcome], _ delayed: [DelayOutcome], _ calls: [String], _ calibration: DelayCalibration
  ) {
    let before = Statistics.median(plain.map(\.wallSeconds))
    let after = Statistics.median(delayed.map(\.wallSeconds))
    let count = Statistics.median(delayed.map { Double($0.delayedCount) })
    // With γ = 1 and g' = g the refined model is t_nd / (t_nd + 2 f_c n): nothing but forwarding differs.
    let predicted = before + 2 * calibration.effectiveCost(cost.seconds) * count
    var table = TextTable(["", "seconds", "slowdown"])
    table.add(["without delay, median of \(plain.count)", NumberText.significant(before, digits: 5), "1"])
    table.add([
      "delayed, measured", NumberText.significant(after, digits: 5),
      NumberText.significant(after / before, digits: 5),
    ])
    table.add([
      "delayed, predicted", NumberText.significant(predicted, digits: 5),
      NumberText.significant(predicted / before, digits: 5),
    ])
    print(table.text, terminator: "")
    let work = Statistics.median(plain.map(\.processorSeconds))
    let delayedWork = Statistics.median(delayed.map(\.processorSeconds))
    let texts = [work, delayedWork, delayedWork / work].map { NumberText.significant($0, digits: 5) }
    print("in processor time of program and delegates: \(texts[0]) s, ", terminator: "")
    print("delayed \(texts[1]) s, slowdown \(texts[2])")
    print("error of the prediction: \(NumberText.fixed((predicted - after) / after * 100, decimals: 2)) %")
    print("delayed calls a run: \(Int(count)); interception alone: ", terminator: "")
    print("\(NumberText.engineering(calibration.mechanismSeconds))s a call, within 2 f_c = ", terminator: "")
    print("\(NumberText.engineering(2 * cost.seconds))s")
    if calibration.mechanismSeconds > 2 * cost.seconds {
      print("note: interception alone takes longer than 2 f_c; the prediction uses what it takes")
    }
    if let last = delayed.last {
      let busy = last.busySeconds / last.wallSeconds / Double(delegates)
      print("delegates busy: \(NumberText.fixed(busy * 100, decimals: 1)) %")
      if last.userSeconds + last.systemSeconds > last.wallSeconds * 1.2 {
        print(
          "note: several threads ran at once; delays overlap, which this prediction for one thread ignores")
      }
      if last.abandoned > 0 { print("requests without a caller any more: \(last.abandoned)") }
      if last.signalsMayRepeat { print("note: on this kernel a signal makes a waiting caller ask twice") }
    }
    for call in calls { if let text = InterceptionLimits.about(call) { print("note: \(text)") } }
    guard explain else { return }
    for (name, count) in (delayed.last?.delayed ?? [:]).sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }
    ) {
      print("  \(name) \(count)")
    }
    for text in InterceptionLimits.always { print("not intercepted: \(text)") }
  }
}
