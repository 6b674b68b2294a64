/// The refined model for a program of several threads, which share the delegates.
///
/// The program's work divides evenly among N threads, and each forwarded call is one visit to the delegates. On
/// the general-purpose system alone the threads are taken not to disturb one another, so t_nd shrinks to t_nd / N:
/// the speedup compares N threads with N threads.
public enum ParallelModel {
  /// The cycle of one thread: work between two forwarded calls, and the visit.
  ///
  /// `calls` is the number of forwarded calls of the whole program, above 0.
  public static func network(of serial: Prediction, calls: Int, setup: Setup) -> ClosedNetwork {
    let occupied = serial.forwardingSeconds * setup.delegateOccupancy
    let think =
      serial.computationSeconds + serial.localSeconds + serial.translationSeconds
      + serial.forwardingSeconds - occupied
    return ClosedNetwork(
      thinkSeconds: think / Double(calls),
      stations: [
        ClosedNetwork.Station(
          demand: (serial.remoteSeconds + occupied) / Double(calls), servers: setup.delegates)
      ])
  }

  /// A serial prediction spread over the threads of `setup`, with the time spent waiting for delegates.
  static func spread(_ serial: Prediction, calls: Int, setup: Setup) -> Prediction {
    let threads = Double(setup.delegators)
    var result = serial
    result.originalSeconds /= threads
    result.computationSeconds /= threads
    result.remoteSeconds /= threads
    result.forwardingSeconds /= threads
    result.translationSeconds /= threads
    result.localSeconds /= threads
    guard calls > 0 else { return result }
    let state = network(of: serial, calls: calls, setup: setup).state(of: setup.delegators)
    guard state.throughput.isFinite else { return result }
    result.waitingSeconds = max(0, Double(calls) / state.throughput - result.delegatedSeconds)
    return result
  }
}
