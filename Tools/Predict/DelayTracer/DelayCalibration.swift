import SpeedupModel

/// What interception itself costs, measured on this machine before a run.
///
/// Stopping a caller and waking a delegate takes some microseconds in the kernel. That is part of the forwarding
/// time, not an error: the delegate spins only for the rest, so that a forwarded call takes 2 f_c longer in all.
public struct DelayCalibration: Sendable {
  /// Seconds a notification adds to a call when the delegate does not spin.
  public var mechanismSeconds: Double

  /// A known cost.
  public init(mechanismSeconds: Double) { self.mechanismSeconds = mechanismSeconds }

  /// Measures with a `load` that makes `count` calls of `getppid`, run with and without interception in
  /// turn.
  public init(load: [String], count: Int, rounds: Int = 3) throws(InputError) {
    var costs: [Double] = []
    for _ in 0..<rounds {
      let plain = try DelayRun(load).run()
      let delayed = try DelayRun(load, calls: ["getppid"]).run()
      guard plain.status == 0, delayed.delayedCount >= count else {
        throw InputError(
          "calibration", found: "\(delayed.delayedCount) intercepted calls of \(count)",
          allowed: "a kernel that notifies of every filtered call")
      }
      costs.append((delayed.wallSeconds - plain.wallSeconds) / Double(count))
    }
    mechanismSeconds = max(0, Statistics.median(costs))
  }

  /// Seconds a delegate must spin for a forwarding cost of `cost` one way; 0 when the mechanism takes
  /// longer.
  public func spinSeconds(for cost: Double) -> Double { max(0, 2 * cost - mechanismSeconds) }

  /// The forwarding cost one way that a run with `cost` really has.
  public func effectiveCost(_ cost: Double) -> Double { max(cost, mechanismSeconds / 2) }
}
