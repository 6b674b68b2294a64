import ArgumentParser
import DelayTracer
import Plotting
import ProfileImport
import SpeedupModel

/// The command `apus predict validate`.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract:
      "Check the refined model against measured runs of the synthetic program (the paper's figure 13).",
    discussion: """
      Each round runs predict-synthetic in two ways, in turn and --repeats times: as it is, for its profile and its \
      length; and with --gain, which divides its computation, while a delegate delays the calls the policy forwards. \
      The least of each counts, for other programs lengthen a run and never shorten it. The measured speedup of the \
      round is the quotient of the two, the predicted one comes from the profile. Both are measured twice: by the \
      wall clock, which on a busy machine holds other programs' time too, and in processor time of program and \
      delegate. What the program takes to start and to end is measured first; --gain does not shorten it, and the \
      model keeps it. The exit status is 1 when any round is further off than --within in processor time; or by the wall clock, \
      unless its runs had to wait for a processor, which is counted and said.

      Examples:
        apus predict validate --gain 2 --runs 20
        apus predict validate --gain 1,2,4,8,16 --runs 20 -o runs.csv --samples samples.csv
      """)

  @Option(help: "Gains, separated by commas.") var gain = "2"
  @Option(help: "Rounds for each gain, 1 to 1000.") var runs = 20
  @Option(help: "Runs of each kind in a round, of which the least counts; 1 to 100.") var repeats = 3
  @Option(name: .customLong("fc"), help: "f_c: time to forward a call one way.") var cost = TimeArgument(
    seconds: 10e-6)
  @OptionGroup var choice: PolicyOptions
  @Option(help: "Random points of the synthetic program.") var trials = 30_000_000
  @Option(help: "Calls of write of the synthetic program.") var writes = 100_000
  @Option(help: "Largest error of a round to accept.") var within = ShareArgument(
    value: PublishedData.errorAtGainTwo)
  @Option(name: [.short, .long], help: "File for the rounds as CSV, as compare reads it.") var output: String?
  @Option(help: "File for every run as CSV: label, round, repeat, kind, wall and processor seconds.")
  var samples: String?

  func run() throws {
    guard (1...1000).contains(runs) else {
      throw InputError("--runs", found: "\(runs)", allowed: "1 to 1000")
    }
    guard (1...100).contains(repeats) else {
      throw InputError("--repeats", found: "\(repeats)", allowed: "1 to 100")
    }
    let most = 1_000_000_000_000
    guard (0...most).contains(trials), (0...most).contains(writes) else {
      throw ValidationError("--trials and --writes must be from 0 to \(most).")
    }
    let gains = try gain.split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let value = Double(text), (1e-3...1e6).contains(value) else {
        throw InputError(
          "--gain", found: InputError.quoted(text), allowed: "gains from 0.001 to 1e6, such as 1,2,4")
      }
      return value
    }
    let load = 10_000
    let calibration = try DelayCalibration(load: OwnProgram.calibrationLoad(load), count: load)
    var rounds = try SyntheticRounds(
      trials: trials, writes: writes, repeats: repeats, calibration: calibration,
      forwardingCost: cost.seconds, policy: try choice.parsed(), share: choice.share.value)
    var compared: [ComparedRun] = []
    var judged: [ComparedRun] = []
    for gain in gains {
      for number in 1...runs {
        let round = try rounds.run(gain: gain, number: number)
        compared += [round.wall, round.processor]
        judged += round.isDisturbed ? [round.processor] : [round.wall, round.processor]
        for run in [round.wall, round.processor] { Self.tell(run, number) }
      }
    }
    let comparison = RunComparison(compared)
    if let output { try OutputFile.write(comparison.csv(), to: output) }
    if let samples { try OutputFile.write(rounds.samples.joined(separator: "\n") + "\n", to: samples) }
    print(ComparisonText.table(comparison), terminator: "")
    print(rounds.basis)
    let disturbed = compared.count - judged.count
    if disturbed > 0 {
      print("by the wall clock \(disturbed) of \(compared.count / 2) rounds are not judged: ", terminator: "")
      print("the machine was busy, and they hold other programs' time")
    }
    try judge(RunComparison(judged))
  }

  private static func tell(_ run: ComparedRun, _ number: Int) {
    let values = [run.predicted, run.measured].map { NumberText.significant($0, digits: 5) }
    let error = NumberText.fixed(run.error * 100, decimals: 2)
    OutputFile.warn(
      "\(run.label) run \(number): predicted \(values[0]), measured \(values[1]), error \(error) %")
  }

  /// Fails unless every judged round is within the limit.
  private func judge(_ comparison: RunComparison) throws {
    var failures: [String] = []
    for group in comparison.groups {
      let outside = group.runs.filter { $0.error.magnitude > within.value }
      guard let worst = outside.map(\.error.magnitude).max() else { continue }
      failures.append(
        "\(outside.count) of \(group.runs.count) rounds of \(group.label) off by up to "
          + "\(NumberText.fixed(worst * 100, decimals: 2)) %")
    }
    guard failures.isEmpty else {
      throw InputError(
        "validate", found: failures.joined(separator: "; "),
        allowed: "at most \(NumberText.significant(within.value * 100)) % in every round")
    }
  }
}
