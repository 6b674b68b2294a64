/// The threads that could run, by level.
///
///      set   31 30 29           2  1  0            heads, by rank
///           ┌──┬──┬──┬─ ─ ─ ─┬──┬──┬──┐           32 ─▶ ...
///           │0 │1 │0 │       │1 │0 │0 │           31 ─▶ C ─▶ D ─▶ E ─▶ (C)      level 30: C runs, then D
///           └──┴──┴──┴─ ─ ─ ─┴──┴──┴──┘                ...
///                │             └──────────────────▶  3 ─▶ A ─▶ (A)              level 2
///                └── bit scan: 1 leading zero;         ...
///                    rank (31 ^ 1) + 1 = 31          0 ─▶ idle ─▶ (idle)        no leading one: place 64
///
/// Every level is a ring; its head is the thread whose turn it is. The running thread stays in its ring, as its
/// head, so a preempted thread keeps its turn without being touched, and to give way is to turn the ring by one.
/// There is no special case for an idle processor: with no bit set a scan counts 32 leading zeros, which `31 ^ zeros`
/// makes 63, and the table has the idle thread there once more. (For a processor that scans for the highest set bit,
/// `31 ^ zeros` is what it finds: no instruction is spent on counting zeros.) Nothing depends on the number of threads.

/// 32 rings of ready threads and the set of those that are not empty.
///
/// - Invariant: a bit is set exactly while the ring of its level is not empty. `heads[0]` and `heads[64]` are the idle
///   thread.
struct ReadyQueues: ~Copyable {
  /// The levels with a ready thread, one bit each.
  private(set) var bits: UInt32 = 0
  private var heads: InlineArray<65, ThreadReference>

  /// Makes 32 empty queues.
  init(idle: ThreadReference) { heads = InlineArray(repeating: idle) }

  /// The thread to run: the head of the highest level, or the idle thread.
  ///
  /// Mutating only in name: a borrowed `self` would make the compiler copy all heads to read one.
  @inline(__always)
  mutating func first() -> ThreadReference {
    // SAFETY: 32 bits have 0 to 32 leading zeros, so the index is 1 to 32 or 64, and there are 65 heads.
    unsafe heads[unchecked: (31 ^ bits.leadingZeroBitCount) &+ 1]
  }

  /// The head of the ring of a rank; stale while the ring is empty.
  @inline(__always)
  mutating func head(ofRank rank: UInt8) -> ThreadReference {
    assert(rank <= 32)
    // SAFETY: a rank is 0 to 32 by the invariants of `Thread` and `PriorityLevel`, and there are 65 heads.
    return unsafe heads[unchecked: Int(rank)]
  }

  @inline(__always)
  mutating func setHead(ofRank rank: UInt8, to thread: ThreadReference) {
    assert(rank <= 32)
    // SAFETY: as in `head(ofRank:)`.
    unsafe heads[unchecked: Int(rank)] = thread
  }

  /// Puts a thread last in its level.
  @inline(__always)
  mutating func append(_ thread: ThreadReference) {
    let rank = thread.fields.rank
    let mask = thread.fields.mask
    if bits & mask == 0 {
      // Outside all queues it is a ring by itself.
      bits |= mask
      setHead(ofRank: rank, to: thread)
    } else {
      thread.link(before: head(ofRank: rank))
    }
  }

  /// Puts a thread first in its level: it was running, or its turn was not over.
  mutating func prepend(_ thread: ThreadReference) {
    append(thread)
    setHead(ofRank: thread.fields.rank, to: thread)
  }

  /// Takes a thread out of its level.
  @inline(__always)
  mutating func remove(_ thread: ThreadReference) {
    let next = thread.fields.next
    if next == thread {
      bits &= ~thread.fields.mask
    } else {
      thread.unlink()
      let rank = thread.fields.rank
      if head(ofRank: rank) == thread { setHead(ofRank: rank, to: next) }
    }
  }

  /// Takes the thread out whose turn it is in its level.
  ///
  /// `thread` must be the head of its ring, or last in it.
  @inline(__always)
  mutating func removeHead(_ thread: ThreadReference) {
    let next = thread.fields.next
    if next == thread {
      bits &= ~thread.fields.mask
    } else {
      setHead(ofRank: thread.fields.rank, to: next)
      thread.unlink(from: next)
    }
  }

  /// Ends a thread's turn: the next of its level is the head.
  ///
  /// Returns it.
  ///
  /// `thread` must be the head of its ring, or last in it.
  @inline(__always)
  mutating func rotate(_ thread: ThreadReference) -> ThreadReference {
    let next = thread.fields.next
    setHead(ofRank: thread.fields.rank, to: next)
    return next
  }
}

extension ThreadReference {
  /// Links the thread into a ring before `other`: last in a ring that `other` leads.
  @inline(__always)
  func link(before other: ThreadReference) {
    let last = other.fields.previous
    fields.next = other
    fields.previous = last
    last.fields.next = self
    other.fields.previous = self
  }

  /// Takes the thread out of a ring of two or more; it is a ring by itself then.
  @inline(__always)
  func unlink() { unlink(from: fields.next) }

  /// The same when the next one is known.
  @inline(__always)
  func unlink(from next: ThreadReference) {
    let previous = fields.previous
    previous.fields.next = next
    next.fields.previous = previous
    fields.next = self
    fields.previous = self
  }
}
