import SpeedupModel

/// What a tracer adds to the time of each call.
public enum TracerOverhead {
  /// Invocations that make a call's mean time a measurement.
  private static let enough = 100
  /// No call takes less: entering and leaving the kernel alone, in seconds.
  private static let leastCall = 1e-7

  /// Takes `overhead` seconds off each invocation; no time becomes negative.
  public static func takeOff(_ overhead: Double, from calls: inout [CallRecord]) {
    for index in calls.indices {
      calls[index].seconds = max(0, calls[index].seconds - overhead * Double(calls[index].count))
    }
  }

  /// `measured` seconds a call, or less where `raw` times show that it was less in this run.
  ///
  /// A tracer that is always at work is quicker than in a calibration. The call that is quickest on average tells
  /// how quick: it cannot have taken less than nothing.
  public static func bounded(_ measured: Double, by raw: [CallRecord]) -> Double {
    let means = raw.filter { $0.count >= enough }.map { $0.seconds / Double($0.count) - leastCall }
    return max(0, min(measured, means.min() ?? measured))
  }

  /// Shortens all times alike where together they are longer than `most` seconds; says whether it did.
  ///
  /// Of one thread's run, what its own computation leaves is all that its calls can have taken. Under a tracer on a
  /// busy machine they take longer, for the time that other programs had is in them.
  public static func limit(_ calls: inout [CallRecord], to most: Double) -> Bool {
    let spent = calls.reduce(0) { $0 + $1.seconds }
    guard spent > most else { return false }
    for index in calls.indices { calls[index].seconds *= max(0, most) / spent }
    return true
  }
}
