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

  /// Measures with a `load` that makes `count` calls of `getppid`, run with and without interception in turn.
  ///
  /// The least of each counts: other programs lengthen a run and never shorten it.
  public init(load: [String], count: Int, rounds: Int = 5) throws(InputError) {
    var plain = Double.infinity
    var delayed = Double.infinity
    for _ in 0..<rounds {
      plain = min(plain, try Self.run(DelayRun(load)).wallSeconds)
      let outcome = try Self.run(DelayRun(load, calls: ["getppid"]))
      guard outcome.delayedCount >= count else {
        throw InputError(
          "calibration", found: "\(outcome.delayedCount) intercepted calls of \(count)",
          allowed: "a kernel that notifies of every filtered call")
      }
      delayed = min(delayed, outcome.wallSeconds)
    }
    mechanismSeconds = max(0, (delayed - plain) / Double(count))
  }

  private static func run(_ run: DelayRun) throws(InputError) -> DelayOutcome {
    let outcome = try run.run()
    guard outcome.status == 0 else {
      throw InputError("calibration", found: "exit status \(outcome.status)", allowed: "0")
    }
    return outcome
  }

  /// Seconds a delegate must spin for a forwarding cost of `cost` one way; 0 when the mechanism takes
  /// longer.
  public func spinSeconds(for cost: Double) -> Double { max(0, 2 * cost - mechanismSeconds) }

  /// The forwarding cost one way that a run with `cost` really has.
  public func effectiveCost(_ cost: Double) -> Double { max(cost, mechanismSeconds / 2) }
}
