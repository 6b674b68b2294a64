import DelayTracer
import Plotting
import ProfileImport
import SpeedupModel

/// Rounds of the synthetic program, each measured and predicted.
struct SyntheticRounds {
  private let program: [String]
  private let repeats: Int
  private let calibration: DelayCalibration
  private let forwardingCost: Double
  private let policy: Policy
  private let share: Double
  /// Processor seconds from start to end beside computation and the program's own calls: no gain shortens them.
  private let fixedSeconds: Double
  /// Calls the program makes by starting and ending, which its own profile does not see.
  private let startCalls: [String: Int]
  /// A line of CSV for every run.
  private(set) var samples = ["label,round,repeat,run,wall,processor"]

  init(
    trials: Int, writes: Int, repeats: Int, calibration: DelayCalibration, forwardingCost: Double,
    policy: Policy, share: Double
  ) throws {
    let path = OwnProgram.sibling("predict-synthetic")
    program = [path, "--trials", "\(trials)", "--writes", "\(writes)"]
    self.repeats = repeats
    self.calibration = calibration
    self.forwardingCost = forwardingCost
    self.policy = policy
    self.share = share
    let empty = [path, "--trials", "0", "--writes", "0"]
    var least = Double.infinity
    var profile: Profile?
    for _ in 0..<max(5, repeats) {
      let (outcome, own) = try Self.profiledRun(empty)
      least = min(least, outcome.processorSeconds - own.callSeconds)
      profile = own
    }
    fixedSeconds = max(0, least)
    let own = Dictionary(
      (profile?.calls ?? []).map { ($0.name, $0.count) }, uniquingKeysWith: { first, _ in first })
    let seen = try Self.outcome(of: DelayRun(empty, calls: own.keys.sorted())).delayed
    startCalls = own.reduce(into: [:]) { $0[$1.key] = max(0, (seen[$1.key] ?? 0) - $1.value) }
  }

  /// What every prediction rests on, for the reader.
  var basis: String {
    "interception alone: \(NumberText.engineering(calibration.mechanismSeconds))s a call, within 2 f_c = "
      + "\(NumberText.engineering(2 * forwardingCost))s; start and end, which no gain shortens: "
      + "\(NumberText.engineering(fixedSeconds))s"
  }

  /// What a round showed.
  struct Outcome {
    var wall: ComparedRun
    var processor: ComparedRun
    /// Whether even the shortest runs had to wait for a processor, so that the wall clock timed other programs too.
    var isDisturbed: Bool
  }

  /// One round, measured by the wall clock and in processor time.
  mutating func run(gain: Double, number: Int) throws -> Outcome {
    let label = "gamma=\(NumberText.significant(gain))"
    var profile: Profile?
    var leastWork = Double.infinity
    var plain = Least()
    var delayed = Least()
    for turn in 1...repeats {
      let (outcome, own) = try Self.profiledRun(program)
      plain.add(outcome)
      note(outcome, "\(label),\(number),\(turn),plain")
      // A run on a busy machine is longer than its work; the processor time is the work.
      let seconds = min(outcome.wallSeconds, outcome.processorSeconds)
      if seconds < leastWork {
        leastWork = seconds
        profile = try whole(own, seconds: seconds)
      }
      guard let profile else { continue }
      let (_, names) = marks(profile, gain: gain)
      let run = try Self.outcome(
        of: DelayRun(
          program + ["--gain", "\(gain)"], calls: names,
          spinSeconds: calibration.spinSeconds(for: forwardingCost)))
      delayed.add(run)
      note(run, "\(label),\(number),\(turn),delayed")
    }
    guard let profile else { throw InputError("--repeats", found: "\(repeats)", allowed: "1 or more") }
    let predicted = model(profile, gain: gain).predict(delegated: marks(profile, gain: gain).marks).speedup
    return Outcome(
      wall: ComparedRun(label + " wall", predicted: predicted, measured: plain.wall / delayed.wall),
      processor: ComparedRun(
        label + " processor", predicted: predicted, measured: plain.processor / delayed.processor),
      isDisturbed: plain.isDisturbed || delayed.isDisturbed)
  }

  /// The least of several runs, by either clock.
  private struct Least {
    var wall = Double.infinity
    var processor = Double.infinity

    /// One thread and its delegate take turns: with a processor to themselves they are as long as their work, but
    /// for some start and end.
    var isDisturbed: Bool { wall > processor * 1.1 }

    mutating func add(_ outcome: DelayOutcome) {
      wall = min(wall, outcome.wallSeconds)
      processor = min(processor, outcome.processorSeconds)
    }
  }

  /// The program's own profile, with what it cannot see: the rest of its `seconds`, and the calls of its start.
  private func whole(_ own: Profile, seconds: Double) throws -> Profile {
    let calls = own.calls.map {
      CallRecord($0.name, count: $0.count + (startCalls[$0.name] ?? 0), seconds: $0.seconds)
    }
    return try Profile(
      program: own.program, source: own.source, computationSeconds: max(0, seconds - own.callSeconds),
      calls: calls)
  }

  private func model(_ profile: Profile, gain: Double) -> RefinedModel {
    var setup = Setup(gain: gain, forwardingCost: calibration.effectiveCost(forwardingCost))
    if profile.computationSeconds > 0 {
      let share = min(1, fixedSeconds / profile.computationSeconds)
      setup.classes = [WorkClass("start and end", share: share, gain: 1)]
    }
    return RefinedModel(profile, setup)
  }

  private func marks(_ profile: Profile, gain: Double) -> (marks: [Bool], names: [String]) {
    let marks = policy.marks(for: model(profile, gain: gain), share: share)
    return (marks, zip(profile.calls, marks).filter(\.1).map(\.0.name))
  }

  private mutating func note(_ outcome: DelayOutcome, _ place: String) {
    samples.append("\(place),\(outcome.wallSeconds),\(outcome.processorSeconds)")
  }

  /// Runs the program, which writes down its own calls.
  private static func profiledRun(_ program: [String]) throws -> (DelayOutcome, Profile) {
    let report = try TemporaryFile()
    defer { report.remove() }
    let outcome = try outcome(of: DelayRun(program + ["--report", report.path]))
    return (outcome, try ProfileImporter.read(path: report.path, as: .json))
  }

  private static func outcome(of run: DelayRun) throws -> DelayOutcome {
    let outcome = try run.run()
    try outcome.stopIfInterrupted()
    guard outcome.status == 0 else {
      throw InputError(run.command[0], found: "exit status \(outcome.status)", allowed: "0")
    }
    return outcome
  }
}
