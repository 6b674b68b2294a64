/// A bounded queue of messages of one size.
///
///      senders wait ──▶  ┌────┬────┬────┬────┐  ──▶ receivers wait
///      while it is full  │    │ m1 │ m2 │    │      while it is empty
///                        └────┴────┴────┴────┘
///
/// At most one of the two waits has threads in it. A message for a waiting receiver does not pass through the ring
/// but goes straight to where that thread wants it; and when a receiver makes room, the message of the first
/// waiting sender goes into the ring before the sender runs. So a wait that ends with `.satisfied` is all done, and
/// messages arrive in the order in which they were sent, or in the order of their senders' urgency from a full queue.

import Scheduling

/// A message queue, by the place of its record.
///
/// See `Mutex` for what the objects have in common.
///
/// - Invariant: receivers wait only while `count` is 0, senders only while it is `capacity`. `capacity` is 0 after
///   `destroy`.
@safe public struct MessageQueue: BitwiseCopyable {
  /// What a message queue is in memory.
  @safe public struct Record: BitwiseCopyable {
    var senders: WaitQueue
    var receivers: WaitQueue
    var storage: UnsafeMutablePointer<UInt>
    var wordsPerMessage: Int
    // In words: where the storage ends, where the next message goes, where the oldest lies.
    var end: Int
    var tail: Int
    var head: Int
    var count: UInt32
    var capacity: UInt32
  }

  private let record: UnsafeMutablePointer<Record>

  /// Makes an empty queue.
  ///
  /// - Parameters:
  ///   - record: memory for the queue's record.
  ///   - storage: memory for `capacity` messages.
  ///   - capacity: the most messages that it holds.
  ///   - wordsPerMessage: the size of a message, in words of the machine.
  /// - Throws: `.badCount` if there is room for no message, or a message has no words or more than 2^20.
  /// - Safety: as for `Mutex.init(at:)`, and the storage must be writable as long.
  @unsafe public init(
    at record: UnsafeMutablePointer<Record>, storage: UnsafeMutablePointer<UInt>, capacity: UInt32,
    wordsPerMessage: Int
  ) throws(SyncError) {
    guard capacity > 0, wordsPerMessage > 0, wordsPerMessage <= 1 << 20,
      let capacityWords = Int(exactly: capacity)
    else { throw .badCount }
    let (end, overflow) = capacityWords.multipliedReportingOverflow(by: wordsPerMessage)
    if overflow { throw .badCount }
    unsafe self.record = record
    unsafe record.initialize(
      to: Record(
        senders: WaitQueue(reason: .queueRoom), receivers: WaitQueue(reason: .message), storage: storage,
        wordsPerMessage: wordsPerMessage, end: end, tail: 0, head: 0, count: 0, capacity: capacity))
  }

  @inline(__always)
  private var fields: Record {
    unsafeAddress {
      // SAFETY: `init(at:)` made its caller promise that the record is there.
      unsafe UnsafePointer(record)
    }
    nonmutating unsafeMutableAddress {
      // SAFETY: `init(at:)` made its caller promise that the record is there and writable.
      unsafe record
    }
  }

  @inline(__always)
  private var senders: WaitQueueReference {
    // SAFETY: the queue is part of the record, which stays until `destroy`, and that is refused while a thread
    // waits in the queue.
    unsafe WaitQueueReference(at: &record.pointee.senders)
  }

  @inline(__always)
  private var receivers: WaitQueueReference {
    // SAFETY: as for `senders`.
    unsafe WaitQueueReference(at: &record.pointee.receivers)
  }

  /// The number of messages in the queue.
  public var count: Int { Int(fields.count) }
  /// The number of threads that wait for room.
  public var waitingSenderCount: Int { Int(fields.senders.count) }
  /// The number of threads that wait for a message.
  public var waitingReceiverCount: Int { Int(fields.receivers.count) }

  /// Sends a message, or begins to wait for room.
  ///
  /// The caller must `reschedule()` in any case: a receiver may have been woken.
  ///
  /// - Returns: `.satisfied` or `.blocked`; `.timedOut` or `.cancelled` without having waited.
  /// - Throws: `.destroyed`.
  /// - Safety: `message` must be readable for the size of a message until the wait is over.
  @unsafe @inline(__always)
  public func send(
    _ message: UnsafePointer<UInt>, in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    if let receiver = receivers.fields.first,
      let place = unsafe UnsafeMutablePointer<UInt>(bitPattern: receiver.fields.exchange)
    {
      // SAFETY: a waiting receiver promised that its buffer is writable until its wait is over.
      unsafe copy(message, to: place)
      _ = scheduler.wakeFirst(of: receivers)
      return .satisfied
    }
    if fields.count == fields.capacity {
      if fields.capacity == 0 { throw .destroyed }
      scheduler.current.fields.exchange = UInt(bitPattern: message)
      return scheduler.block(on: senders, until: deadline)
    }
    // SAFETY: the caller promised that the message is readable.
    unsafe put(message)
    return .satisfied
  }

  /// Receives the oldest message, or begins to wait for one.
  ///
  /// The caller must `reschedule()` in any case: a sender may have been woken.
  ///
  /// - Returns: `.satisfied` or `.blocked`; `.timedOut` or `.cancelled` without having waited.
  /// - Throws: `.destroyed`.
  /// - Safety: `buffer` must be writable for the size of a message until the wait is over.
  @unsafe @inline(__always)
  public func receive(
    into buffer: UnsafeMutablePointer<UInt>, in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    if fields.count == 0 {
      if fields.capacity == 0 { throw .destroyed }
      scheduler.current.fields.exchange = UInt(bitPattern: buffer)
      return scheduler.block(on: receivers, until: deadline)
    }
    let head = fields.head
    // SAFETY: the oldest message begins at the head, and all of it lies in the storage; the caller promised the
    // buffer.
    unsafe copy(UnsafePointer(fields.storage + head), to: buffer)
    fields.head = following(head)
    fields.count &-= 1
    if let sender = senders.fields.first,
      let message = unsafe UnsafePointer<UInt>(bitPattern: sender.fields.exchange)
    {
      // SAFETY: a waiting sender promised that its message is readable until its wait is over.
      unsafe put(message)
      _ = scheduler.wakeFirst(of: senders)
    }
    return .satisfied
  }

  /// Ends the queue's life; messages in it are lost.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  public func destroy() throws(SyncError) {
    if fields.capacity == 0 { throw .destroyed }
    if !senders.isEmpty || !receivers.isEmpty { throw .stillWaitedFor }
    fields.capacity = 0
    fields.count = 0
  }

  @unsafe @inline(__always)
  private func put(_ message: UnsafePointer<UInt>) {
    let tail = fields.tail
    // SAFETY: the tail is the beginning of a free message in the storage; the caller promised the message.
    unsafe copy(message, to: fields.storage + tail)
    fields.tail = following(tail)
    fields.count &+= 1
  }

  @inline(__always)
  private func following(_ position: Int) -> Int {
    let next = position &+ fields.wordsPerMessage
    return next == fields.end ? 0 : next
  }

  /// Copies a message word by word: for a few words, less than a call to memcpy.
  @unsafe @inline(__always)
  private func copy(_ source: UnsafePointer<UInt>, to place: UnsafeMutablePointer<UInt>) {
    var index = fields.wordsPerMessage
    repeat {
      index &-= 1
      // SAFETY: the index is below the size of a message, which both places were promised to have.
      unsafe place[index] = source[index]
    } while index != 0
  }
}
