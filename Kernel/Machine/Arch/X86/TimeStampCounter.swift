/// The time stamp counter as a clock.

import CMachine
import Core

/// The rate of the time stamp counter, and the time since start-up that follows from it.
///
/// The rate is measured against the interval timer, over a tenth of a millisecond unless something interferes: the
/// whole of start-up has a budget of instructions.
public struct TimeStampCounter: BitwiseCopyable, Sendable {
  /// The counter's value when the kernel began.
  public let start: UInt64
  /// Counts in a millisecond.
  public private(set) var ticksPerMillisecond: UInt64
  /// Microseconds in a count, as a binary fraction with 32 bits behind the point.
  private var microsecondsPerTick: UInt64

  /// Takes over a rate that somebody else has measured.
  public init(start: UInt64, ticksPerMillisecond: UInt64) {
    self.start = start
    self.ticksPerMillisecond = ticksPerMillisecond
    microsecondsPerTick = (1_000 << 32) / ticksPerMillisecond
  }

  /// Measures the rate.
  ///
  /// - Parameter start: the counter's value when the kernel began.
  public init(start: UInt64) {
    self.start = start
    var pair = IntervalTimerAndTimeStamps()
    let measured = RateMeasurement(&pair)
    ticksPerMillisecond = max(
      1, measured.ticks * UInt64(IntervalTimer.frequency) / (measured.counts * 1_000))
    microsecondsPerTick = (1_000 << 32) / ticksPerMillisecond
  }

  /// Microseconds since the kernel began.
  public var microseconds: UInt64 {
    let ticks = cpu_rdtsc() &- start
    // The product of a 64-bit count and a fraction, in two halves so that neither overflows within 500 years.
    let high = (ticks >> 32) &* microsecondsPerTick
    let low = ((ticks & 0xFFFF_FFFF) &* microsecondsPerTick) >> 32
    return high &+ low
  }
}

/// The two counters as they are read.
private struct IntervalTimerAndTimeStamps: CounterPair {
  mutating func restart() { IntervalTimer.start() }
  mutating func known() -> UInt16 { IntervalTimer.readCount() }
  mutating func wanted() -> UInt64 { cpu_rdtsc() }
}
