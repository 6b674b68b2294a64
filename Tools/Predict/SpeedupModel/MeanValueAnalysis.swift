/// Exact mean value analysis of a closed network, one customer after the other.
///
/// A station with several servers needs the chances that few customers are there. The textbook takes the chance
/// of none as 1 less all others, which loses every digit once the station is busy: 16 servers come out wrong by
/// a factor of two. Here it follows from the network without that station, where nothing is subtracted (M. Reiser,
/// "Mean-value analysis and convolution method for queue-dependent servers in closed queueing networks",
/// Performance Evaluation 1, 1981): p(0 | n) = p(0 | n - 1) · X(n) / X'(n), X' being that network's throughput.
struct MeanValueAnalysis {
  /// The state with the customers added so far.
  private(set) var state: NetworkState
  private let network: ClosedNetwork
  /// p(j | n) for each station and each j below its number of servers.
  private var marginal: [[Double]]
  /// X'(n) for each n from 1, for each station with several servers.
  private let throughputWithout: [[Double]]

  /// An analysis of `network`, empty as yet, for at most `customers`.
  init(_ network: ClosedNetwork, upTo customers: Int) {
    self.network = network
    let zeros = network.stations.map { _ in 0.0 }
    state = NetworkState(customers: 0, throughput: 0, residence: zeros, queue: zeros)
    marginal = network.stations.map { [1] + Array(repeating: 0, count: $0.servers - 1) }
    throughputWithout = network.stations.indices.map { index in
      guard network.stations[index].servers > 1 else { return [] }
      var rest = network
      rest.stations.remove(at: index)
      guard !rest.stations.isEmpty else {
        return (1...max(1, customers)).map { Double($0) / network.thinkSeconds }
      }
      return rest.states(upTo: customers).map(\.throughput)
    }
  }

  /// Goes from n - 1 customers to n.
  mutating func addCustomer() {
    state.customers += 1
    var cycle = network.thinkSeconds
    for index in network.stations.indices {
      let station = network.stations[index]
      // An arriving customer sees the network with one fewer. Idle servers shorten its wait.
      var seen = 1 + state.queue[index]
      for busy in 0..<(station.servers - 1) {
        seen += Double(station.servers - 1 - busy) * marginal[index][busy]
      }
      state.residence[index] = station.demand / Double(station.servers) * seen
      cycle += state.residence[index]
    }
    state.throughput = cycle > 0 ? Double(state.customers) / cycle : .infinity
    for index in network.stations.indices {
      state.queue[index] = state.throughput * state.residence[index]
      guard network.stations[index].servers > 1 else { continue }
      let load = state.throughput * network.stations[index].demand
      for busy in stride(from: network.stations[index].servers - 1, to: 0, by: -1) {
        marginal[index][busy] = load / Double(busy) * marginal[index][busy - 1]
      }
      marginal[index][0] *= state.throughput / throughputWithout[index][state.customers - 1]
    }
  }
}
