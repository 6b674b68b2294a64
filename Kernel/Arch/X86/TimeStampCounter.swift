/// The time stamp counter as a clock.

import CMachine

/// The rate of the time stamp counter, and the time since start-up that follows from it.
///
/// The rate is measured against the interval timer over about a tenth of a millisecond, from one change of the
/// timer's count to another, which bounds the error by one reading of the timer at each end (about 1 %). The whole
/// of start-up has a budget of instructions, so the measurement is short.
public struct TimeStampCounter: BitwiseCopyable, Sendable {
  /// The counter's value when the kernel began.
  public let start: UInt64
  /// Counts in a millisecond.
  public private(set) var ticksPerMillisecond: UInt64
  /// Microseconds in a count, as a binary fraction with 32 bits behind the point.
  private var microsecondsPerTick: UInt64

  /// Measures the rate.
  ///
  /// - Parameter start: the counter's value when the kernel began.
  public init(start: UInt64) {
    self.start = start
    IntervalTimer.start()
    var first = IntervalTimer.readCount()
    let beginning = first
    while first == beginning { first = IntervalTimer.readCount() }
    let before = cpu_rdtsc()
    var last = first
    // 119 counts are 99.7 microseconds. A timer that does not count must not hold up the kernel for ever.
    var looksLeft = 100_000
    while first &- last < 119, looksLeft > 0 {
      last = IntervalTimer.readCount()
      looksLeft -= 1
    }
    let ticks = cpu_rdtsc() - before
    let counts = UInt64(max(1, first &- last))
    ticksPerMillisecond = max(1, ticks * UInt64(IntervalTimer.frequency) / (counts * 1_000))
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
