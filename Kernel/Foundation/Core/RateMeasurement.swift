/// How fast one counter runs by another, on a machine that may stand still in between.

/// A counter whose rate is known, and one whose rate is wanted.
public protocol CounterPair: ~Copyable {
  /// Starts the known counter: down from 65,535.
  mutating func restart()

  /// The known counter's present count.
  mutating func known() -> UInt16

  /// The other counter's present tick.
  mutating func wanted() -> UInt64
}

/// Ticks of one counter during counts of another.
///
/// A measurement goes from one change of the known count to a later one. Each change lies between two readings, so
/// the error is at most the longest time between readings at each end. An emulator's processor, or one under another
/// hypervisor, may stop for milliseconds anywhere: such a measurement is taken again, in the end over more time, which
/// also serves machines on which reading the known counter is slow.
public struct RateMeasurement: BitwiseCopyable, Sendable {
  /// Ticks of the counter whose rate is wanted.
  public private(set) var ticks: UInt64 = 0
  /// Counts of the known counter, at least 1.
  public private(set) var counts: UInt64 = 1
  /// The longest time between two readings, in ticks.
  public private(set) var longestGap: UInt64 = 0

  /// The shortest measurement: 99.7 microseconds of the interval timer.
  static var shortest: UInt16 { 119 }
  /// How often a measurement is taken at most: three times, then three times over twice the time, and so on.
  static var mostTrials: Int { 24 }

  /// Measures, until a measurement is within 1 % at each end or the trials are used up.
  public init<Pair: CounterPair & ~Copyable>(_ pair: inout Pair) {
    self.init(over: Self.shortest, of: &pair)
    for trial in 1..<Self.mostTrials where longestGap > ticks / 100 {
      let next = Self(over: Self.shortest << (trial / 3), of: &pair)
      if next.isBetter(than: self) { self = next }
    }
  }

  private init<Pair: CounterPair & ~Copyable>(over distance: UInt16, of pair: inout Pair) {
    pair.restart()
    var count = pair.known()
    var tick = pair.wanted()
    let first = waitForChange(of: &count, tick: &tick, by: 1, of: &pair)
    let start = count
    // Gaps before the first change do not matter, only the one that it fell into.
    longestGap = tick &- first
    let last = waitForChange(of: &count, tick: &tick, by: distance, of: &pair)
    ticks = last &- first
    counts = max(1, UInt64(start &- count))
  }

  /// Reads until the count has gone down by `distance`.
  ///
  /// A counter that does not count must not hold up the kernel for ever.
  ///
  /// - Returns: the tick before the reading that showed it.
  private mutating func waitForChange<Pair: CounterPair & ~Copyable>(
    of count: inout UInt16, tick: inout UInt64, by distance: UInt16, of pair: inout Pair
  ) -> UInt64 {
    let start = count
    var before = tick
    var readingsLeft = 1_000_000
    while start &- count < distance, readingsLeft > 0 {
      before = tick
      count = pair.known()
      tick = pair.wanted()
      longestGap = max(longestGap, tick &- before)
      readingsLeft -= 1
    }
    return before
  }

  /// Whether the longest gap is a smaller part of the whole.
  private func isBetter(than other: Self) -> Bool {
    longestGap.multipliedFullWidth(by: other.ticks) < other.longestGap.multipliedFullWidth(by: ticks)
  }
}
