import ArgumentParser
import Plotting
import SpeedupModel

extension TimeDistribution: ExpressibleByArgument {}

/// The command `apus predict simulate`.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Queue several threads at several delegates: mean value analysis beside an event simulation.",
    discussion: """
      Either --think and --service, or a profile whose forwarded calls give both. Up to the knee more threads bring \
      more calls a second; beyond it they wait for delegates. The exit status is 1 when the two methods differ by \
      more than 2 % for exponential times.

      Examples:
        apus predict simulate --think 100us --service 20us --delegators 16 --delegates 2
        apus predict simulate @sqlite --gamma 4 --fc 2us --policy all --delegators 8
      """)

  @Argument(help: "A profile, in place of --think and --service.") var profile: String?
  @Option(help: "Mean time a thread computes between two forwarded calls.") var think: TimeArgument?
  @Option(help: "Mean time a delegate is busy with a call.") var service: TimeArgument?
  @OptionGroup var systems: SetupOptions
  @OptionGroup var choice: PolicyOptions
  @Option(help: "Calls to simulate for each row, 1000 to 10000000.") var calls = 200_000
  @Option(help: "One of exponential, constant.") var distribution = TimeDistribution.exponential
  @Option(help: "One of table, csv.") var format = "table"

  func run() throws {
    guard (1000...10_000_000).contains(calls) else {
      throw InputError("--calls", found: "\(calls)", allowed: "1000 to 10000000")
    }
    guard format == "table" || format == "csv" else {
      throw InputError("--format", found: InputError.quoted(format), allowed: "table, csv")
    }
    let setup = try systems.setup()
    let network = try network(setup)
    let service = network.stations[0].demand
    let states = network.states(upTo: setup.delegators)
    var table = TextTable(["threads", "calls/s", "simulated", "difference", "answer", "delegates busy"])
    var csv = "threads,throughput,simulatedThroughput,difference,residenceSeconds,utilisation\n"
    var worst = 0.0
    for state in states where Self.isShown(state.customers, of: states.count) {
      var simulation = EventSimulation(
        thinkSeconds: network.thinkSeconds, serviceSeconds: service, delegators: state.customers,
        delegates: setup.delegates)
      simulation.seed = choice.seed
      simulation.distribution = distribution
      let outcome = simulation.run(calls: calls)
      let difference = outcome.throughput / state.throughput - 1
      worst = max(worst, difference.magnitude)
      let busy = state.throughput * service / Double(setup.delegates)
      table.add([
        "\(state.customers)", NumberText.significant(state.throughput),
        NumberText.significant(outcome.throughput),
        NumberText.fixed(difference * 100, decimals: 2) + "%",
        NumberText.engineering(state.residence[0]) + "s",
        NumberText.fixed(busy * 100, decimals: 1) + "%",
      ])
      csv +=
        "\(state.customers),\(state.throughput),\(outcome.throughput),\(difference),\(state.residence[0]),\(busy)\n"
    }
    if format == "csv" {
      print(csv, terminator: "")
    } else {
      print(table.text, terminator: "")
      let times = (NumberText.engineering(network.thinkSeconds), NumberText.engineering(service))
      print(
        "computing \(times.0)s between calls, \(times.1)s of service, \(setup.delegates) delegates, seed \(choice.seed)"
      )
      print("knee at \(NumberText.significant(network.knee, digits: 3)) threads; at most ", terminator: "")
      print("\(NumberText.significant(network.throughputLimit)) calls a second")
    }
    if distribution == .exponential, worst > 0.02 {
      throw InputError(
        "simulation", found: "a difference of \(NumberText.fixed(worst * 100, decimals: 2)) %",
        allowed: "2 %; more --calls make it more exact")
    }
  }

  private func network(_ setup: Setup) throws -> ClosedNetwork {
    if let profile {
      guard think == nil, service == nil else {
        throw ValidationError("Give a profile or --think and --service.")
      }
      let model = RefinedModel(try ProfileSource.read(profile), setup)
      let marks = try choice.parsed(for: model.profile).marks(for: model, share: choice.share.value)
      let calls = model.totals(delegated: marks).forwardedCalls
      guard calls > 0 else {
        throw InputError(
          profile, found: "no forwarded calls", allowed: "a policy that forwards some, such as all")
      }
      var serial = model
      serial.setup.delegators = 1
      return ParallelModel.network(of: serial.predict(delegated: marks), calls: calls, setup: setup)
    }
    guard let think, let service, service.seconds > 0 else {
      throw ValidationError("Give a profile, or --think and --service above 0.")
    }
    return ClosedNetwork(
      thinkSeconds: think.seconds, stations: [.init(demand: service.seconds, servers: setup.delegates)])
  }

  /// Every row of a short table; of a long one the powers of two and the last.
  private static func isShown(_ row: Int, of count: Int) -> Bool {
    count <= 16 || row == count || row.nonzeroBitCount == 1
  }
}
