/// Which frames are under way: what the sending end of go-back-N knows, without the frames.

import Messaging

/// The sequences between the oldest frame that is not acknowledged and the next one to send.
///
/// - Invariant: `0 ≤ pendingCount ≤ size`.
struct SendWindow: BitwiseCopyable, Hashable, Sendable {
  /// The sequence of the oldest frame that is not acknowledged, and of the next one.
  private(set) var first: UInt16 = 0
  private(set) var next: UInt16 = 0
  /// The life of the sender; not 0.
  let generation: UInt16
  private let size: Int
  private let patienceTicks: UInt64
  private var lastProgress: UInt64 = 0

  /// Makes the window of a new generation.
  ///
  /// - Parameter size: the most frames under way, below 32,768.
  init(size: Int, generation: UInt16, patienceTicks: UInt64) {
    precondition(generation != 0, "generation 0 is memory that nobody wrote")
    self.size = size
    self.generation = generation
    self.patienceTicks = patienceTicks
  }

  /// The frames under way.
  var pendingCount: Int { Int(next &- first) }

  /// The sequence of a frame that is sent now, or `nil` while the window is full.
  mutating func begin(at now: UInt64) -> UInt16? {
    guard pendingCount < size else { return nil }
    if pendingCount == 0 { lastProgress = now }
    defer { next &+= 1 }
    return next
  }

  /// Takes the receiver's expectation, which acknowledges all before it.
  ///
  /// An older one, overtaken by another, acknowledges what is acknowledged already; one of what was never sent looks
  /// the same. Neither changes anything.
  ///
  /// - Returns: false if it is about another life.
  mutating func acknowledge(_ expected: UInt16, generation: UInt16, at now: UInt64) -> Bool {
    guard generation == self.generation else { return false }
    let count = Int(expected &- first)
    guard count > 0, count <= pendingCount else { return true }
    first = expected
    lastProgress = now
    return true
  }

  /// Whether everything under way must be sent again, from `first` to the one before `next`.
  mutating func isOverdue(at now: UInt64) -> Bool {
    guard pendingCount > 0, now &- lastProgress >= patienceTicks else { return false }
    lastProgress = now
    return true
  }
}
