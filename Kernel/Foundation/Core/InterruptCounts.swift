/// How many interrupts have come, and which line has gone mad.

/// Counts by legacy line, and a watch on each line's rate.
public struct InterruptCounts: BitwiseCopyable {
  /// The most interrupts of a line in a window of time; a serial line at full speed has a tenth of it.
  public static var mostInWindow: UInt32 { 2_000 }

  /// Interrupts that nobody had asked for, or that were gone when the processor looked.
  public private(set) var spurious: UInt64 = 0
  private var totals: InlineArray<16, UInt32> = .init(repeating: 0)
  private var inWindow: InlineArray<16, UInt32> = .init(repeating: 0)
  private var windowEnds: InlineArray<16, UInt64> = .init(repeating: 0)

  /// Makes counts of zero.
  public init() {}

  /// Counts an interrupt that was none.
  public mutating func noteSpurious() { spurious &+= 1 }

  /// Counts an interrupt that was asked for: a storm can't be made of these.
  public mutating func noteExpected(_ line: UInt8) { totals[Int(line & 15)] &+= 1 }

  /// Counts an interrupt of a line.
  ///
  /// - Parameters:
  ///   - line: the line.
  ///   - now: the tick counter.
  ///   - window: the ticks in which a line may raise so many interrupts.
  /// - Returns: whether the line storms and must be masked.
  public mutating func note(_ line: UInt8, at now: UInt64, window: UInt64) -> Bool {
    let index = Int(line & 15)
    totals[index] &+= 1
    if now >= windowEnds[index] {
      windowEnds[index] = now &+ window
      inWindow[index] = 0
    }
    inWindow[index] += 1
    return inWindow[index] == Self.mostInWindow + 1  // reported once, not for each
  }

  /// The interrupts of a line, 0 to 15, so far.
  public func total(ofLine line: Int) -> UInt32 { totals[line & 15] }
}
