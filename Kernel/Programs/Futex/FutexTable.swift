/// Threads that wait at words of memory.
///
///     bucket 17 ──▶ waiter ⇄ waiter ⇄ waiter        A word is named by what does not change while somebody waits:
///                   word A    word B    word A       the address space and the address, or for shared memory the
///                                                    frame and the place in it. First come, first woken.
///
/// A waiter's record is part of the thread's, so nothing here allocates or runs out.

/// The name of a word.
public struct FutexKey: BitwiseCopyable, Hashable, Sendable {
  /// The address space, or the frame for shared memory.
  public var space: UInt
  /// The address, or the place in the frame.
  public var address: UInt
  /// Whether the word is in shared memory: keys of the two kinds never meet.
  public var isShared: Bool

  /// Makes a name.
  public init(space: UInt, address: UInt, isShared: Bool) {
    (self.space, self.address, self.isShared) = (space, address, isShared)
  }

  @inline(__always)
  var bucket: Int {
    Int(((space >> 4) &+ (address >> 2)) & 63)
  }
}

/// A thread that waits, or may.
///
/// - Invariant: it is in the list of its key's bucket exactly while `isWaiting`.
public struct FutexWaiter: BitwiseCopyable {
  var next: FutexWaiterReference?
  var previous: FutexWaiterReference?
  var key = FutexKey(space: 0, address: 0, isShared: false)
  var bits: UInt32 = 0
  var isWaiting = false
  /// A word for the owner: which thread it is.
  public var thread: UInt

  /// Makes a record for a thread.
  public init(thread: UInt) { (next, previous, self.thread) = (nil, nil, thread) }
}

/// A waiter's record, by its place.
///
/// Safe to use because whoever makes it promises that the record stays until it has been removed.
@safe public struct FutexWaiterReference: BitwiseCopyable, Equatable {
  let record: UnsafeMutablePointer<FutexWaiter>

  /// Names a record.
  ///
  /// - Safety: the record must stay in place while it waits.
  @unsafe public init(at record: UnsafeMutablePointer<FutexWaiter>) { unsafe self.record = record }

  /// Whether both are the same record.
  public static func == (lhs: Self, rhs: Self) -> Bool { unsafe lhs.record == rhs.record }

  var fields: FutexWaiter {
    @inline(__always) unsafeAddress {
      // SAFETY: `init(at:)` made its caller promise that the record is there.
      unsafe UnsafePointer(record)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      // SAFETY: as above.
      unsafe record
    }
  }

  /// Whether it waits.
  public var isWaiting: Bool { fields.isWaiting }
}

/// All waiters of a node.
public struct FutexTable: ~Copyable {
  private struct Bucket: BitwiseCopyable {
    var first: FutexWaiterReference?
    var last: FutexWaiterReference?
  }

  private var buckets: InlineArray<64, Bucket> = .init(repeating: Bucket(first: nil, last: nil))

  /// A table without waiters.
  public init() {}

  /// Lets a thread wait at a word.
  ///
  /// - Parameter bits: the sets of wakers that it listens to.
  @inline(__always)
  public mutating func insert(_ waiter: FutexWaiterReference, at key: FutexKey, bits: UInt32 = .max) {
    assert(!waiter.fields.isWaiting, "a thread waits at two words")
    waiter.fields.key = key
    waiter.fields.bits = bits
    waiter.fields.isWaiting = true
    append(waiter)
  }

  @inline(__always)
  private mutating func append(_ waiter: FutexWaiterReference) {
    let bucket = waiter.fields.key.bucket
    let last = buckets[bucket].last
    waiter.fields.next = nil
    waiter.fields.previous = last
    if let last { last.fields.next = waiter } else { buckets[bucket].first = waiter }
    buckets[bucket].last = waiter
  }

  /// Takes a thread out that waits no longer, if it is in.
  @export(interface)
  public mutating func remove(_ waiter: FutexWaiterReference) {
    guard waiter.fields.isWaiting else { return }
    unlink(waiter)
    waiter.fields.isWaiting = false
  }

  @inline(__always)
  private mutating func unlink(_ waiter: FutexWaiterReference) {
    let bucket = waiter.fields.key.bucket
    let (next, previous) = (waiter.fields.next, waiter.fields.previous)
    if let next { next.fields.previous = previous } else { buckets[bucket].last = previous }
    if let previous { previous.fields.next = next } else { buckets[bucket].first = next }
  }

  /// Wakes up to `count` threads that wait at a word and listen to `bits`.
  ///
  /// - Parameter wake: gets each thread's word; it waits no longer.
  /// - Returns: how many were woken.
  @export(interface)
  public mutating func wake(
    _ key: FutexKey, count: Int, bits: UInt32 = .max, _ wake: (UInt) -> Void
  ) -> Int {
    var woken = 0
    while woken < count, let thread = takeFirst(key, bits) {
      woken += 1
      wake(thread)
    }
    return woken
  }

  /// Ends the wait of the first thread at a word that listens to `bits`.
  ///
  /// - Returns: its word, or `nil` if there is none.
  @inline(__always)
  public mutating func takeFirst(_ key: FutexKey, _ bits: UInt32 = .max) -> UInt? {
    var next = buckets[key.bucket].first
    while let waiter = next {
      if waiter.fields.key == key, waiter.fields.bits & bits != 0 {
        unlink(waiter)
        waiter.fields.isWaiting = false
        return waiter.fields.thread
      }
      next = waiter.fields.next
    }
    return nil
  }

  /// Wakes up to `wakeCount` threads of a word and lets up to `moveCount` others wait at another word instead.
  ///
  /// - Returns: how many were woken and how many moved.
  @export(interface)
  public mutating func requeue(
    from key: FutexKey, to other: FutexKey, wakeCount: Int, moveCount: Int, _ wake: (UInt) -> Void
  ) -> (woken: Int, moved: Int) {
    let woken = self.wake(key, count: wakeCount, wake)
    var moved = 0
    if key == other {
      // They stay where they are, and count as moved.
      var next = buckets[key.bucket].first
      while moved < moveCount, let waiter = next {
        next = waiter.fields.next
        if waiter.fields.key == key { moved += 1 }
      }
      return (woken, moved)
    }
    // Those that move to the same bucket go behind what is its end now, and are not looked at again.
    let end = buckets[key.bucket].last
    var next = buckets[key.bucket].first
    while moved < moveCount, let waiter = next {
      next = waiter == end ? nil : waiter.fields.next
      guard waiter.fields.key == key else { continue }
      unlink(waiter)
      waiter.fields.key = other
      append(waiter)
      moved += 1
    }
    return (woken, moved)
  }
}
