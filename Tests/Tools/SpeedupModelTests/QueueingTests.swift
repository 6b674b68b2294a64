import Foundation
import Testing

@testable import SpeedupModel

struct QueueingTests {
  /// The machine-repair birth-death chain M/M/m//N solved directly: an independent oracle for the
  /// throughput.
  private func birthDeath(_ think: Double, _ service: Double, _ threads: Int, _ servers: Int) -> Double {
    // Logarithms: the weights of hundreds of threads leave the range of numbers.
    var weights = [0.0]
    for waiting in 1...threads {
      let arrivals = Double(threads - waiting + 1) / think
      weights.append(weights[waiting - 1] + log(arrivals / (Double(min(waiting, servers)) / service)))
    }
    let most = weights.max() ?? 0
    let chances = weights.map { exp($0 - most) }
    let total = chances.reduce(0, +)
    return chances.enumerated().reduce(0) {
      $0 + $1.element / total * Double(min($1.offset, servers)) / service
    }
  }

  @Test(arguments: [1, 2, 3, 4, 8, 16, 50, 200], [1, 2, 5, 16, 64, 512])
  func meanValueAnalysisAgreesWithTheBirthDeathChain(servers: Int, threads: Int) {
    for think in [0.5, 3.0, 20] {
      let network = ClosedNetwork(thinkSeconds: think, stations: [.init(demand: 1, servers: servers)])
      let throughput = network.states(upTo: threads).last?.throughput ?? 0
      let exact = birthDeath(think, 1, threads, servers)
      #expect((throughput - exact).magnitude < 1e-9 * exact, "think \(think)")
    }
  }

  @Test(arguments: [1, 2, 4], [1, 3, 8, 16])
  func meanValueAnalysisAgreesWithTheEventSimulationWithinTwoPerCent(delegates: Int, delegators: Int) {
    let network = ClosedNetwork(thinkSeconds: 4, stations: [.init(demand: 1, servers: delegates)])
    let throughput = network.states(upTo: delegators).last?.throughput ?? 0
    var simulation = EventSimulation(
      thinkSeconds: 4, serviceSeconds: 1, delegators: delegators, delegates: delegates)
    simulation.seed = 42
    let outcome = simulation.run(calls: 60_000)
    #expect((outcome.throughput - throughput).magnitude < 0.02 * throughput)
  }

  /// All ways in which three customers can stand at two stations, with their product-form weights.
  @Test func stationsWithSeveralServersHaveTheProductForm() {
    let network = ClosedNetwork(
      thinkSeconds: 2, stations: [.init(demand: 3, servers: 2), .init(demand: 5, servers: 3)])
    func weight(_ station: ClosedNetwork.Station, _ count: Int) -> Double {
      (0..<count).reduce(1.0) { $0 * station.demand / Double(min($1 + 1, station.servers)) }
    }
    func constant(_ customers: Int) -> Double {
      var sum = 0.0
      for first in 0...customers {
        for second in 0...(customers - first) {
          var thinking = 1.0
          for number in 0..<(customers - first - second) { thinking *= 2 / Double(number + 1) }
          sum += thinking * weight(network.stations[0], first) * weight(network.stations[1], second)
        }
      }
      return sum
    }
    for state in network.states(upTo: 12) {
      let exact = constant(state.customers - 1) / constant(state.customers)
      #expect((state.throughput - exact).magnitude < 1e-12 * exact, "\(state.customers) customers")
      #expect(network.state(of: state.customers) == state)
    }
  }

  @Test func twoStationsFollowTheTextbook() {
    // Demands 1 and 2, no thinking, 2 customers: X = (1 + 2 + ...) by hand: R = (1·(1+1/3), 2·(1+2/3)), X = 2 / (14/3).
    let network = ClosedNetwork(thinkSeconds: 0, stations: [.init(demand: 1), .init(demand: 2)])
    let states = network.states(upTo: 2)
    #expect((states[0].throughput - 1.0 / 3).magnitude < 1e-12)
    #expect((states[1].throughput - 3.0 / 7).magnitude < 1e-12)
  }

  @Test func throughputStaysBelowBothAsymptotes() {
    let network = ClosedNetwork(thinkSeconds: 10, stations: [.init(demand: 1, servers: 2)])
    for state in network.states(upTo: 100) {
      #expect(state.throughput <= network.throughputLimit * (1 + 1e-9))
      #expect(state.throughput <= Double(state.customers) / 11 * (1 + 1e-9))
    }
    #expect(network.knee == 22)
  }

  @Test func constantTimesWithoutContentionAreExact() {
    var simulation = EventSimulation(thinkSeconds: 3, serviceSeconds: 1, delegators: 2, delegates: 2)
    simulation.distribution = .constant
    let outcome = simulation.run(calls: 1000)
    #expect((outcome.throughput - 0.5).magnitude < 1e-3)
    #expect((outcome.residence - 1).magnitude < 1e-9)
  }

  @Test func oneThreadIsTheSerialModelAndContentionCosts() throws {
    let profile = try Profile(
      program: "p", source: "test", computationSeconds: 1,
      calls: [CallRecord("write", count: 1000, seconds: 0.5)])
    var setup = Setup(gain: 4, forwardingCost: 1e-6)
    let serial = RefinedModel(profile, setup).predict(delegated: [true]).speedup
    var last = serial
    for threads in [2, 4, 8, 16] {
      setup.delegators = threads
      let speedup = RefinedModel(profile, setup).predict(delegated: [true]).speedup
      #expect(speedup < last)
      last = speedup
    }
    setup.delegates = 64
    let free = RefinedModel(profile, setup).predict(delegated: [true]).speedup
    #expect((free - serial).magnitude < 1e-6 * serial)
  }
}
