/// The threads that wait for one thing: the most urgent first, and in each level the one that waits longest.
///
///      first
///        │        next ▶                          A queue is a list of levels, and every level a ring, as in
///        ▼                                        the ready queues. Only the head of a level is in the list, so
///       ┌──┐   ┌──┐   ┌──┐                        a thread that joins passes at most 31 others, however many
///    29 │A │──▶│B │──▶│C │──▶ (A)                 wait. The first is found, and any taken out, in constant time.
///       └──┘   └──┘   └──┘
///        │ below                                  A ring per level in every object would save those steps and
///       ┌──┐                                      cost 132 to 264 bytes an object; this costs one word.
///    12 │D │──▶ (D)
///       └──┘
///        │ below
///       ...

/// A wait queue's record, part of every object that threads wait for.
///
/// - Invariant: every thread in it has the state `waiting` and this queue as its `waitQueue`; levels are listed
///   in falling order. With an owner, the queue is in the owner's list of held mutexes.
public struct WaitQueue: BitwiseCopyable {
  /// The thread to wake first: the longest waiting of the most urgent level.
  public internal(set) var first: ThreadReference?
  /// The thread that holds the mutex this is the queue of; it inherits the level of `first`.
  public internal(set) var owner: ThreadReference?
  // The next older mutex that the owner holds.
  var nextHeld: WaitQueueReference?
  /// The number of threads that wait.
  public internal(set) var count: UInt32
  /// The number of threads that wait elsewhere and must hold this mutex again afterwards.
  public internal(set) var returnCount: UInt32
  /// What threads wait here for.
  public internal(set) var reason: WaitReason
  /// Whether the last owner ended while it held the mutex and nobody has taken it since.
  public internal(set) var isAbandoned: Bool

  /// Makes an empty queue.
  public init(reason: WaitReason) {
    first = nil
    owner = nil
    nextHeld = nil
    count = 0
    returnCount = 0
    self.reason = reason
    isAbandoned = false
  }
}

/// A wait queue, by its place: threads that wait in it point to it, so it does not move.
///
/// Safe to use because a queue may only be given up empty, which every object that has one checks.
@safe public struct WaitQueueReference: BitwiseCopyable, Equatable {
  let record: UnsafeMutablePointer<WaitQueue>

  /// Refers to a wait queue in memory.
  ///
  /// - Safety: the queue must be initialised, and stay in place as long as a thread waits in it or owns it and as
  ///   long as the reference is used.
  @unsafe @inline(__always)
  public init(at record: UnsafeMutablePointer<WaitQueue>) { unsafe self.record = record }

  /// The address of the record.
  @inline(__always)
  var address: UInt { unsafe UInt(bitPattern: record) }

  /// Whether both are the same queue.
  @inline(__always)
  public static func == (lhs: Self, rhs: Self) -> Bool { unsafe lhs.record == rhs.record }

  /// The queue, in place.
  public var fields: WaitQueue {
    @inline(__always) unsafeAddress {
      // SAFETY: `init(at:)` made its caller promise that the queue is there.
      unsafe UnsafePointer(record)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      // SAFETY: `init(at:)` made its caller promise that the queue is there and writable.
      unsafe record
    }
  }

  /// Whether nobody waits.
  @inline(__always)
  public var isEmpty: Bool { fields.first == nil }
}

extension WaitQueueReference {
  /// Lets a thread join, behind all of its level.
  @inline(__always)
  func insert(_ thread: ThreadReference) {
    fields.count &+= 1
    // Alone in the queue it is linked already.
    if let first = fields.first { insert(thread, from: first) } else { fields.first = thread }
  }

  @inline(never)
  private func insert(_ thread: ThreadReference, from first: ThreadReference) {
    let rank = thread.fields.rank
    var above: ThreadReference?
    var place: ThreadReference? = first
    while let head = place, head.fields.rank > rank {
      above = head
      place = head.fields.below
    }
    if let head = place, head.fields.rank == rank {
      thread.fields.isLevelHead = false
      thread.link(before: head)
      return
    }
    thread.fields.above = above
    thread.fields.below = place
    place?.fields.above = thread
    if let above { above.fields.below = thread } else { fields.first = thread }
  }

  /// Takes a thread out that waits here.
  @inline(__always)
  func remove(_ thread: ThreadReference) {
    if fields.first == thread { removeFirst(thread) } else { removeInside(thread) }
  }

  /// Takes the first thread out.
  @inline(__always)
  func removeFirst(_ thread: ThreadReference) {
    fields.count &-= 1
    let next = thread.fields.next
    let below = thread.fields.below
    if next == thread {
      fields.first = below
      if let below {
        below.fields.above = nil
        thread.fields.below = nil
      }
      return
    }
    thread.unlink(from: next)
    next.fields.isLevelHead = true
    fields.first = next
    if let below { replaceHead(thread, by: next, over: below) }
  }

  @inline(never)
  private func removeInside(_ thread: ThreadReference) {
    fields.count &-= 1
    let next = thread.fields.next
    let isAlone = next == thread
    if !isAlone { thread.unlink() }
    guard thread.fields.isLevelHead else {
      thread.fields.isLevelHead = true
      return
    }
    // The level goes on with its next thread, or is gone. There is a level above, or this would be the first.
    let below = thread.fields.below
    if isAlone {
      thread.fields.above?.fields.below = below
      below?.fields.above = thread.fields.above
      thread.fields.below = nil
    } else {
      next.fields.isLevelHead = true
      next.fields.above = thread.fields.above
      thread.fields.above?.fields.below = next
      if let below { replaceHead(thread, by: next, over: below) }
    }
    thread.fields.above = nil
  }

  /// Gives a head's place above the next level to its successor.
  @inline(__always)
  private func replaceHead(
    _ thread: ThreadReference, by next: ThreadReference, over below: ThreadReference
  ) {
    next.fields.below = below
    below.fields.above = next
    thread.fields.below = nil
  }
}
