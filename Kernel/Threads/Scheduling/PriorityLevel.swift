/// How urgent a thread is.

/// One of the 32 levels at which threads are ready: 0 can wait longest, 31 runs first.
///
/// A level is kept as its *rank*, which is one more, so that rank 0 is free for the idle thread and the number of
/// leading zeros of the set of levels leads straight to a rank (see `ReadyQueues`).
///
/// - Invariant: `rank` is 1 to 32.
public struct PriorityLevel: BitwiseCopyable, Hashable, Comparable, Sendable {
  /// The level plus one, 1 to 32.
  let rank: UInt8

  /// The number of levels.
  public static var count: Int { 32 }
  /// Level 0.
  public static var lowest: PriorityLevel { PriorityLevel(rank: 1) }
  /// Level 31.
  public static var highest: PriorityLevel { PriorityLevel(rank: 32) }

  /// Makes a level of its number, or `nil` outside 0 to 31.
  public init?(_ number: Int) {
    guard number >= 0, number < Self.count else { return nil }
    rank = UInt8(truncatingIfNeeded: number) + 1
  }

  /// Makes a level of the lowest five bits of a number.
  public init(truncating number: Int) { rank = UInt8(truncatingIfNeeded: number & 31) + 1 }

  init(rank: UInt8) { self.rank = rank }

  /// The level's number, 0 to 31.
  public var number: Int { Int(rank) - 1 }

  /// Whether `lhs` is less urgent than `rhs`.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rank < rhs.rank }

  /// The bit that stands for a rank in the set of levels; none for the idle thread's rank 0.
  @inline(__always)
  static func mask(ofRank rank: UInt8) -> UInt32 { rank == 0 ? 0 : 1 << UInt32(rank &- 1) }
}
