/// From ticks of the clock to counts of a timer that runs at another rate.

/// The counts of a timer in the ticks of a clock.
public struct CountScale: BitwiseCopyable, Sendable {
  // Counts in a tick, with 32 binary places.
  private let countsPerTick: UInt64
  // The most ticks whose counts have 32 bits.
  private let longest: UInt64

  /// Makes a scale of a measurement: so many counts in so many ticks, both above 0.
  ///
  /// - Parameters:
  ///   - counts: fewer than 2^32.
  ///   - ticks: at least 1; a timer faster than 2^10 counts a tick is not one.
  public init(counts: UInt64, ticks: UInt64) {
    countsPerTick = max(1, min((counts << 32) / max(ticks, 1), 1 << 42))
    longest = (UInt64.max - 0xFFFF_FFFF) / countsPerTick
  }

  /// The counts that are at least as long as a number of ticks, from 1 to `UInt32.max`.
  ///
  /// Rounded up: a timer that is early by a part of a count would have to be set again for it. A time that is too long
  /// is cut to what 32 bits can count, and the timer set again for the rest.
  @inline(__always)
  public func counts(forTicks ticks: UInt64) -> UInt32 {
    let part = max(1, min(ticks, longest))
    return UInt32(truncatingIfNeeded: ((part &* countsPerTick) &+ 0xFFFF_FFFF) >> 32)
  }

  /// Counts in a thousand ticks, for people.
  public var countsInThousandTicks: UInt64 { (countsPerTick &* 1_000) >> 32 }
}
