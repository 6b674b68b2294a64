/// Which frame comes next: what the receiving end of go-back-N knows.

/// The place of a frame among the others.
enum FrameTurn: Hashable, Sendable {
  /// It is the next one.
  case next
  /// It came before, or others are to come before it: the sender is to be told what is expected.
  case outOfTurn
  /// It is of a former life, or not the first of a new one: there is nothing to tell its sender.
  case ofAnotherLife
}

/// The sequence that is expected, in one life of the sender.
struct ReceiveOrder: BitwiseCopyable, Hashable, Sendable {
  /// The sequence of the next frame.
  private(set) var expected: UInt16 = 0
  /// The life of the sender; 0 before the first frame.
  private(set) var generation: UInt16 = 0

  /// Takes a frame if it is the next one.
  mutating func take(_ sequence: UInt16, generation: UInt16) -> FrameTurn {
    if generation != self.generation {
      // A new life begins with its first frame; frames of a former one are late.
      let isNewer = self.generation == 0 || Int16(bitPattern: generation &- self.generation) > 0
      guard isNewer, sequence == 0 else { return .ofAnotherLife }
      self.generation = generation
      expected = 0
    }
    guard sequence == expected else { return .outOfTurn }
    expected &+= 1
    return .next
  }
}
