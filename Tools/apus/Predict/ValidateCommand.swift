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

/// The command `apus predict validate`.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract:
      "Check the refined model against measured runs of the synthetic program (the paper's figure 13).",
    discussion: """
      Each round runs predict-synthetic twice: as it is, for its profile and its length; and with --gain, which \
      divides its computation, while a delegate delays the calls the policy forwards. The measured speedup of the \
      round is the quotient of the two lengths, the predicted one comes from the profile. Both are measured twice: \
      by the wall clock, which on a busy machine holds other programs' time too, and in processor time of program \
      and delegate. The exit status is 1 when a median error exceeds --within.

      Examples:
        apus predict validate --gain 2 --runs 20
        apus predict validate --gain 1,2,4,8,16 --runs 20 -o runs.csv
      """)

  @Option(help: "Gains, separated by commas.") var gain = "2"
  @Option(help: "Rounds for each gain, 1 to 1000.") var runs = 20
  @Option(name: .customLong("fc"), help: "f_c: time to forward a call one way.") var cost = TimeArgument(
    seconds: 10e-6)
  @OptionGroup var choice: PolicyOptions
  @Option(help: "Random points of the synthetic program.") var trials = 30_000_000
  @Option(help: "Calls of write of the synthetic program.") var writes = 100_000
  @Option(help: "Largest median error to accept.") var within = ShareArgument(
    value: PublishedData.errorAtGainTwo)
  @Option(name: [.short, .long], help: "File for the runs as CSV, as compare reads it.") var output: String?

  func run() throws {
    guard (1...1000).contains(runs) else {
      throw InputError("--runs", found: "\(runs)", allowed: "1 to 1000")
    }
    guard trials >= 0, writes >= 0 else {
      throw ValidationError("--trials and --writes must not be negative.")
    }
    let gains = try gain.split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let value = Double(text), value.isFinite, value > 0, value <= 1e6 else {
        throw InputError("--gain", found: InputError.quoted(text), allowed: "gains above 0, such as 1,2,4")
      }
      return value
    }
    let policy = try choice.parsed()
    let calibration = try DelayCalibration(load: OwnProgram.calibrationLoad(5000), count: 5000)
    var compared: [ComparedRun] = []
    for gain in gains {
      for round in 1...runs {
        for run in try self.round(gain, policy, calibration) {
          compared.append(run)
          let values = [run.predicted, run.measured].map { NumberText.significant($0, digits: 5) }
          let error = NumberText.fixed(run.error * 100, decimals: 2)
          OutputFile.warn(
            "\(run.label) run \(round): predicted \(values[0]), measured \(values[1]), error \(error) %")
        }
      }
    }
    let comparison = RunComparison(compared)
    if let output { try OutputFile.write(comparison.csv(), to: output) }
    print(ComparisonText.table(comparison), terminator: "")
    for group in comparison.groups {
      let error = Statistics.median(group.runs.map(\.error)).magnitude
      guard error <= within.value else {
        throw InputError(
          group.label, found: "a median error of \(NumberText.fixed(error * 100, decimals: 2)) %",
          allowed: "at most \(NumberText.significant(within.value * 100)) %")
      }
    }
  }

  private func round(
    _ gain: Double, _ policy: Policy, _ calibration: DelayCalibration
  ) throws -> [ComparedRun] {
    let program = [OwnProgram.sibling("predict-synthetic"), "--trials", "\(trials)", "--writes", "\(writes)"]
    let report = "/tmp/apus-predict-\(getpid()).json"
    defer { unlink(report) }
    let plain = try DelayRun(program + ["--report", report]).run()
    let own = try ProfileImporter.read(path: report, as: .json)
    // The program sees its own calls; its start and end are seen from here and count as computation.
    // A run on a busy machine is longer than its work; the processor time is the work.
    let seconds = min(plain.wallSeconds, plain.processorSeconds)
    let profile = try Profile(
      program: own.program, source: own.source, computationSeconds: max(0, seconds - own.callSeconds),
      calls: own.calls)
    let model = RefinedModel(
      profile, Setup(gain: gain, forwardingCost: calibration.effectiveCost(cost.seconds)))
    let marks = policy.marks(for: model, share: choice.share.value)
    let names = zip(profile.calls, marks).filter(\.1).map(\.0.name)
    let delayed = try DelayRun(
      program + ["--gain", "\(gain)"], calls: names, spinSeconds: calibration.spinSeconds(for: cost.seconds)
    ).run()
    guard plain.status == 0, delayed.status == 0 else {
      throw InputError("predict-synthetic", found: "exit status \(delayed.status)", allowed: "0")
    }
    let predicted = model.predict(delegated: marks).speedup
    let label = "gamma=\(NumberText.significant(gain))"
    let wall = plain.wallSeconds / delayed.wallSeconds
    let processor = plain.processorSeconds / delayed.processorSeconds
    return [
      ComparedRun(label + " wall", predicted: predicted, measured: wall),
      ComparedRun(label + " processor", predicted: predicted, measured: processor),
    ]
  }
}
