/// Barriers in the shared window, as steps that never wait inside, and that fail rather than hang when a member is
/// dead.

import Window

/// How a barrier stands.
public enum BarrierResult: UInt8, BitwiseCopyable, Sendable {
  /// Somebody has yet to come.
  case waiting
  /// All came.
  case passed
  /// A member died before it came; the barrier is of no more use until its members start it anew.
  case memberDied
}

/// The word in which a barrier's failure is noted, common to all kinds: it never goes back, so it ends every wait of
/// whoever sees it.
///
/// Members may leave one episode with different answers: who died after it came lets some pass, before or after
/// others note the death. Nobody passes the next one.
@inlinable
func isBroken<Window: SharedWindow & ~Copyable>(
  _ word: UInt32, _ window: borrowing Window, _ anyDead: Bool, mark: UInt32 = 1
) -> Bool {
  if anyDead { window.storeRelease(mark, at: word) }
  return window.loadAcquire(word) == mark
}

/// A central barrier with a sense that reverses: word 0 counts arrivals, word 1 is the sense, word 2 the failure.
public struct CentralBarrier: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline let word: UInt32
  @usableFromInline let members: UInt32
  private var sense: UInt32 = 0
  private var hasArrived = false

  /// Makes one member's view; the barrier takes 12 bytes of zeros from `word`.
  public init(at word: UInt32, members: UInt32) {
    self.word = word
    self.members = members
  }

  /// Arrives, the first time, and then asks.
  public mutating func step<Window: SharedWindow & ~Copyable>(
    _ window: borrowing Window, anyDead: Bool = false
  ) -> BarrierResult {
    if !hasArrived {
      hasArrived = true
      if window.fetchAdd(1, at: word) == members - 1 {
        // The count must be 0 again before anyone can come to the next round.
        window.store(0, at: word)
        window.storeRelease(sense ^ 1, at: word + 4)
      }
    }
    guard window.loadAcquire(word + 4) != sense else {
      return isBroken(word + 8, window, anyDead) ? .memberDied : .waiting
    }
    sense ^= 1
    hasArrived = false
    return .passed
  }
}

/// A dissemination barrier: in round k each member tells the one 2^k further and waits for the one 2^k before
/// (Hensgen, Finkel and Manber, 1988).
///
/// No word has two writers.
///
/// Member m's line holds one word per round, the number of the last episode it was told of; the failure word lies
/// before the lines.
public struct DisseminationBarrier: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline let word: UInt32
  @usableFromInline let members: UInt32
  @usableFromInline let me: UInt32
  // What a failure of this use is noted by; a former use left another number.
  private let failure: UInt32
  private var episode: UInt32
  private var round: UInt32 = 0
  private var hasTold = false

  /// Makes member `number`'s view; the barrier takes `64 * (1 + members)` bytes from `word`.
  ///
  /// - Parameter firstEpisode: the number of the first episode, the same for all members. The bytes must be zeros, or hold
  ///   episodes that are not within one of any of this use: then what a former use left behind means nothing.
  public init(at word: UInt32, members: UInt32, number: UInt32, firstEpisode: UInt32 = 1) {
    self.word = word
    self.members = members
    me = number
    failure = firstEpisode
    episode = firstEpisode
  }

  /// Goes as far as it can without waiting.
  public mutating func step<Window: SharedWindow & ~Copyable>(
    _ window: borrowing Window, anyDead: Bool = false
  ) -> BarrierResult {
    while (1 << round) < members {
      if !hasTold {
        let peer = (me + (1 << round)) % members
        window.storeRelease(episode, at: word + 64 * (1 + peer) + 4 * round)
        hasTold = true
      }
      // The teller may be one episode ahead, never two: it waits for us in between.
      let told = window.loadAcquire(word + 64 * (1 + me) + 4 * round)
      guard told == episode || told == episode &+ 1 else {
        return isBroken(word, window, anyDead, mark: failure) ? .memberDied : .waiting
      }
      round += 1
      hasTold = false
    }
    round = 0
    episode = episode &+ 1
    return .passed
  }
}

/// A tree barrier with four children to a parent: arrivals travel up, the release travels down.
///
/// Member m's line holds two words: the episode in which its subtree had arrived, and the one it was released in.
public struct TreeBarrier: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline let word: UInt32
  @usableFromInline let members: UInt32
  @usableFromInline let me: UInt32
  private var episode: UInt32 = 1
  private var hasArrived = false

  /// Makes member `number`'s view; the barrier takes `64 * (1 + members)` bytes of zeros from `word`.
  public init(at word: UInt32, members: UInt32, number: UInt32) {
    self.word = word
    self.members = members
    me = number
  }

  private func line(_ member: UInt32) -> UInt32 { word + 64 * (1 + member) }

  /// Goes as far as it can without waiting.
  public mutating func step<Window: SharedWindow & ~Copyable>(
    _ window: borrowing Window, anyDead: Bool = false
  ) -> BarrierResult {
    let children = min(4 * me + 1, members)..<min(4 * me + 5, members)
    if !hasArrived {
      for child in children where window.loadAcquire(line(child)) != episode {
        return isBroken(word, window, anyDead) ? .memberDied : .waiting
      }
      if me != 0 { window.storeRelease(episode, at: line(me)) }
      hasArrived = true
    }
    if me != 0, window.loadAcquire(line(me) + 4) != episode {
      return isBroken(word, window, anyDead) ? .memberDied : .waiting
    }
    for child in children { window.storeRelease(episode, at: line(child) + 4) }
    hasArrived = false
    episode = episode &+ 1
    return .passed
  }
}
