/// Between nanoseconds and the ticks of a counter, without a division.

/// How fast a tick counter runs.
///
/// Both directions multiply by a factor with 53 binary places that was divided once, when the rate was measured.
/// The error is below 1 in 2^42 of the time converted, and one tick or nanosecond.
public struct ClockRate: BitwiseCopyable, Sendable {
  /// Ticks in a second, 1,000,000 to 2^36.
  public let ticksPerSecond: UInt64
  // Ticks in a nanosecond and nanoseconds in a tick, times 2^53.
  private let ticksPerNanosecond: UInt64
  private let nanosecondsPerTick: UInt64

  /// Makes a rate, or `nil` outside 1 MHz to 64 GHz: a clock that was measured so is not usable.
  public init?(ticksPerSecond: UInt64) {
    guard ticksPerSecond >= 1_000_000, ticksPerSecond <= 1 << 36 else { return nil }
    self.ticksPerSecond = ticksPerSecond
    ticksPerNanosecond = Self.fraction(ticksPerSecond, over: 1_000_000_000)
    nanosecondsPerTick = Self.fraction(1_000_000_000, over: ticksPerSecond)
  }

  /// The ticks that are at least as long as a time, or `UInt64.max` for a time beyond the counter.
  public func ticks(fromNanoseconds nanoseconds: UInt64) -> UInt64 {
    // Up by one: what a deadline may not be is early.
    let (sum, overflow) = Self.product(nanoseconds, ticksPerNanosecond).addingReportingOverflow(1)
    return overflow ? .max : sum
  }

  /// The nanoseconds in a number of ticks, rounded down, or `UInt64.max` if they are more.
  public func nanoseconds(fromTicks ticks: UInt64) -> UInt64 { Self.product(ticks, nanosecondsPerTick) }

  /// The deadline that lies `nanoseconds` after `now`, never 0; `UInt64.max`, which is never, beyond the counter.
  public func deadline(nanoseconds: UInt64, after now: UInt64) -> UInt64 {
    let (sum, overflow) = now.addingReportingOverflow(ticks(fromNanoseconds: nanoseconds))
    return overflow ? .max : sum
  }

  /// `numerator / denominator` times 2^53, rounded to the nearest, digit by digit in base two: this is done once.
  private static func fraction(_ numerator: UInt64, over denominator: UInt64) -> UInt64 {
    var quotient = numerator / denominator
    var remainder = numerator % denominator
    for _ in 0..<53 {
      remainder <<= 1
      quotient <<= 1
      if remainder >= denominator {
        remainder -= denominator
        quotient |= 1
      }
    }
    return remainder << 1 >= denominator ? quotient + 1 : quotient
  }

  /// `value` times a factor with 53 binary places; `UInt64.max` on overflow.
  private static func product(_ value: UInt64, _ factor: UInt64) -> UInt64 {
    let wide = value.multipliedFullWidth(by: factor)
    if wide.high >> 53 != 0 { return .max }
    return wide.high << 11 | wide.low >> 53
  }
}
