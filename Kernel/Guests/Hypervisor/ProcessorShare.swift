/// A guest's limit of processor time.

/// How much of the processor a guest has had in the present window of time; all times are ticks of one clock.
public struct ProcessorShare: BitwiseCopyable {
  /// When its share of this window will be used up; `UInt64.max` if it has no limit.
  public private(set) var end: UInt64 = .max
  private var windowStart: UInt64 = 0
  private var usedBefore: UInt64 = 0

  /// A share of a guest that has had nothing yet.
  public init() {}

  /// Lets the guest go on without a limit.
  public mutating func lift() { end = .max }

  /// The tick until which the guest must wait, or `nil` if it may go on until `end`.
  ///
  /// - Parameters:
  ///   - percent: its share, 0 to 99.
  ///   - used: what it has had of the processor since it began.
  ///   - window: how long a window is; a new one begins at the first look after the end of the last.
  public mutating func waitEnd(percent: UInt32, used: UInt64, at now: UInt64, window: UInt64) -> UInt64? {
    if now &- windowStart >= window {
      windowStart = now
      usedBefore = used
    }
    let budget = window / 100 * UInt64(percent)
    let spent = used &- usedBefore
    guard spent < budget else { return windowStart &+ window }
    end = now &+ (budget - spent)
    return nil
  }
}
