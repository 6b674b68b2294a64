// Several threads share several delegates: a closed queueing network.
//
// N threads compute (a station without queue: each has its own core), then queue for one of m delegates. Mean
// value analysis is exact for exponential service times and first-come-first-served queues (Reiser and Lavenberg,
// "Mean-value analysis of closed multichain queuing networks", JACM 27(2), 1980).

/// The steady state of a closed network with one number of customers.
public struct NetworkState: Sendable, Equatable {
  /// Customers in the network: threads that compute and call.
  public var customers: Int
  /// Cycles per second of the whole network.
  public var throughput: Double
  /// Seconds at each station for one cycle, waiting and service.
  public var residence: [Double]
  /// Customers at each station on average.
  public var queue: [Double]
}

/// A delay (thinking) and stations, each with one or more equal servers.
public struct ClosedNetwork: Sendable, Equatable {
  /// One station of the network.
  public struct Station: Sendable, Equatable {
    /// Mean seconds of service in one cycle.
    public var demand: Double
    /// Servers that take from the one queue.
    public var servers: Int

    /// A station with `servers` equal servers.
    public init(demand: Double, servers: Int = 1) {
      self.demand = demand
      self.servers = servers
    }
  }

  /// Z: mean seconds between leaving the last station and arriving at the first.
  public var thinkSeconds: Double
  /// The stations a customer visits in a cycle.
  public var stations: [Station]

  /// A network; times are not negative and servers at least 1.
  public init(thinkSeconds: Double, stations: [Station]) {
    self.thinkSeconds = thinkSeconds
    self.stations = stations
  }

  /// The states for 1...`customers`.
  public func states(upTo customers: Int) -> [NetworkState] {
    var analysis = MeanValueAnalysis(self, upTo: customers)
    return (1...max(1, customers)).map { _ in
      analysis.addCustomer()
      return analysis.state
    }
  }

  /// The state for `customers`, at least 1.
  public func state(of customers: Int) -> NetworkState {
    var analysis = MeanValueAnalysis(self, upTo: customers)
    for _ in 1...max(1, customers) { analysis.addCustomer() }
    return analysis.state
  }

  /// N*: the number of customers beyond which the busiest station limits the throughput.
  public var knee: Double {
    let demands = stations.reduce(0) { $0 + $1.demand }
    let slowest = stations.map { $0.demand / Double($0.servers) }.max() ?? 0
    return slowest > 0 ? (thinkSeconds + demands) / slowest : .infinity
  }

  /// The most cycles per second any number of customers can reach.
  public var throughputLimit: Double {
    let slowest = stations.map { $0.demand / Double($0.servers) }.max() ?? 0
    return slowest > 0 ? 1 / slowest : .infinity
  }
}
