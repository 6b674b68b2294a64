/// A barrier of messages alone, for nodes that share no memory: everyone tells member 0, which tells everyone.

/// What the member must send next.
public struct BarrierMessage: BitwiseCopyable, Hashable, Sendable {
  /// The member to tell.
  public var to: UInt8
  /// The episode it is about.
  public var episode: UInt32
}

/// One member's state; the caller carries the messages.
///
/// - Invariant: member 0 releases an episode only after every member arrived in it.
public struct MessageBarrier: BitwiseCopyable, Hashable, Sendable {
  private let members: UInt8
  private let me: UInt8
  private var episode: UInt32 = 1
  private var arrived: UInt64 = 0
  private var released: UInt32 = 0
  private var dead: UInt64 = 0
  private var toRelease: UInt64 = 0

  /// Makes a member's state, for at most 64 members.
  public init(members: UInt8, number: UInt8) {
    precondition(members <= 64 && number < members, "a barrier has at most 64 members")
    self.members = members
    me = number
  }

  /// Arrives; answers what to send, if anything.
  ///
  /// Member 0 then asks `nextRelease` until it is empty.
  public mutating func arrive() -> BarrierMessage? {
    if me != 0 { return BarrierMessage(to: 0, episode: episode) }
    note(0)
    return nil
  }

  /// Takes a message of another member; one of another episode, or twice the same, changes nothing.
  public mutating func receive(from member: UInt8, episode: UInt32) {
    guard member < members else { return }
    if me == 0 {
      // After the last arrival, and before this member has passed, a repeated message is not one of the next episode.
      if episode == self.episode, released != episode { note(member) }
    } else if member == 0, episode == self.episode {
      released = episode
    }
  }

  /// The next release to send, at member 0.
  public mutating func nextRelease() -> BarrierMessage? {
    guard toRelease != 0 else { return nil }
    let member = UInt8(toRelease.trailingZeroBitCount)
    toRelease &= toRelease - 1
    return BarrierMessage(to: member, episode: released)
  }

  /// Notes that a member died.
  public mutating func died(_ member: UInt8) { dead |= 1 << UInt64(member) }

  /// How the barrier stands; `passed` once for each episode.
  public mutating func poll() -> BarrierResult {
    if released == episode {
      episode &+= 1
      return .passed
    }
    return dead & ~arrived != 0 ? .memberDied : .waiting
  }

  private mutating func note(_ member: UInt8) {
    arrived |= 1 << UInt64(member)
    let all: UInt64 = members == 64 ? .max : (1 << UInt64(members)) - 1
    guard arrived == all else { return }
    arrived = 0
    released = episode
    toRelease = all & ~1
  }
}
