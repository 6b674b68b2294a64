/// A place where threads are called: a message of at most 64 bytes there, and one back.
///
///      callers wait ──▶ receive ──▶ the server works ──▶ reply ──▶ the caller goes on
///      in `callers`     the first                        copied to where
///                       moves to `answers`               the caller wants it
///
/// Messages go from one thread's buffer straight to the other's, and a call or a reply is one switch: the caller waits
/// and the server is ready in the same step. So two threads of different address spaces speak at the price of two
/// switches, two copies and two waits.

import Scheduling

/// A call port, by the place of its record.
///
/// See `Mutex` for what the objects have in common.
///
/// A message is `maximumWords` words of the machine: the first one says how many bytes follow.
///
/// - Invariant: at most one thread waits in `answers`: the one whose call was received last and is not answered. A
///   caller whose time is up leaves the queue, so that the reply finds nobody. The server waits only while nobody
///   calls.
@safe public struct CallPort: BitwiseCopyable {
  /// The most bytes of a message.
  @inlinable public static var maximumBytes: UInt { 64 }
  /// Words of a message with its length.
  @inlinable public static var messageWords: Int { 1 + 64 / MemoryLayout<UInt>.size }

  /// What a call port is in memory.
  @safe public struct Record: BitwiseCopyable {
    var servers: WaitQueue
    var callers: WaitQueue
    var answers: WaitQueue
    var isAlive: Bool
  }

  private let record: UnsafeMutablePointer<Record>

  /// Makes a port that nobody calls.
  ///
  /// - Safety: as for `Mutex.init(at:)`.
  @unsafe public init(at record: UnsafeMutablePointer<Record>) {
    unsafe self.record = record
    unsafe record.initialize(
      to: Record(
        servers: WaitQueue(reason: .message), callers: WaitQueue(reason: .queueRoom),
        answers: WaitQueue(reason: .message), isAlive: true))
  }

  /// Refers to a port that was made.
  ///
  /// - Safety: the record must be initialised, and otherwise as for `init(at:)`.
  @unsafe @inline(__always)
  init(existing record: UnsafeMutablePointer<Record>) { unsafe self.record = record }

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

  // SAFETY of the three: the queues are part of the record, which stays until `destroy`, and that is refused while a
  // thread waits.
  @inline(__always)
  private var servers: WaitQueueReference { unsafe WaitQueueReference(at: &record.pointee.servers) }
  @inline(__always)
  private var callers: WaitQueueReference { unsafe WaitQueueReference(at: &record.pointee.callers) }
  @inline(__always)
  private var answers: WaitQueueReference { unsafe WaitQueueReference(at: &record.pointee.answers) }

  /// The threads whose call nobody has received.
  public var waitingCallerCount: Int { Int(fields.callers.count) }
  /// Whether a call was received and not answered, and its caller still waits.
  public var hasOpenCall: Bool { fields.answers.count != 0 }

  /// Calls: the message goes to the server, and the reply into its place.
  ///
  /// - Parameter deadline: the tick at which the caller gives up.
  /// - Returns: `.blocked`, and `.satisfied` in the thread's record when the reply is there; `.timedOut` or
  ///   `.cancelled` without having waited.
  /// - Throws: `.destroyed`; `.badCount` for more than `maximumBytes`.
  /// - Safety: `message` must be writable for the size of a message until the wait is over.
  @unsafe @inline(__always)
  public func call(
    _ message: UnsafeMutablePointer<UInt>, in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    guard unsafe message[0] <= Self.maximumBytes else { throw .badCount }
    return try unsafe call(replyInto: message, in: &scheduler, until: deadline, isInPlace: true) { place in
      // SAFETY: a waiting server promised that its buffer is writable until its wait is over.
      unsafe Self.copy(message, to: place)
      return true
    }
  }

  /// Calls with a message that is not in the caller's buffer yet: `write` puts it where it is wanted.
  ///
  /// - Parameters:
  ///   - buffer: where the reply goes, and the message as long as no server waits.
  ///   - isInPlace: whether the message is in `buffer` already.
  ///   - write: writes a message of at most `maximumBytes`, its length first; answers whether it could.
  /// - Returns: as the other `call` does.
  /// - Throws: `.destroyed`; `.unreadable` if `write` could not.
  /// - Safety: `buffer` must be writable for the size of a message until the wait is over.
  @unsafe @inline(__always)
  public func call(
    replyInto buffer: UnsafeMutablePointer<UInt>, in scheduler: inout Scheduler,
    until deadline: UInt64 = .max, isInPlace: Bool = false,
    write: (UnsafeMutablePointer<UInt>) -> Bool
  ) throws(SyncError) -> WaitOutcome {
    guard let server = servers.fields.first else {
      guard fields.isAlive else { throw .destroyed }
      if !isInPlace {
        guard unsafe write(buffer) else { throw .unreadable }
      }
      scheduler.current.fields.exchange = UInt(bitPattern: buffer)
      return scheduler.block(on: callers, until: deadline)
    }
    // SAFETY: whoever waits has named its buffer, which is no null pointer.
    let place = unsafe UnsafeMutablePointer<UInt>(
      bitPattern: server.fields.exchange
    ).unsafelyUnwrapped
    // A server that is not woken in the end has lost nothing: its buffer has no meaning until then.
    guard unsafe write(place) else { throw .unreadable }
    scheduler.current.fields.exchange = UInt(bitPattern: buffer)
    if deadline == .max, scheduler.handOver(to: server, firstOf: servers, waitingIn: answers) {
      return .blocked
    }
    let outcome = scheduler.block(on: answers, until: deadline)
    if outcome == .blocked { _ = scheduler.wakeFirst(of: servers) }
    return outcome
  }

  /// Calls a server that waits, if nothing else is concerned: the shortest way, for who has seen that nothing is recorded.
  ///
  /// - Parameters:
  ///   - buffer: where the reply goes.
  ///   - write: writes a message of at most `maximumBytes`, its length first.
  /// - Returns: the switch that is due, after which the thread's record says how the wait ended; `nil` for any other case,
  ///   in which nothing has happened.
  /// - Safety: `buffer` must be writable for the size of a message until the wait is over.
  @unsafe @inline(__always)
  public func callAtOnce(
    replyInto buffer: UInt, in scheduler: inout Scheduler, write: (UnsafeMutablePointer<UInt>) -> Void
  ) -> Handover? {
    guard let server = servers.fields.first else { return nil }
    guard servers.fields.count == 1, scheduler.canTakePlace(server, waitingIn: answers) else { return nil }
    return unsafe pass(to: server, of: servers, waitingIn: answers, buffer, in: &scheduler, write)
  }

  /// Answers the call that was received last and waits for the next one, in the same case; otherwise as `callAtOnce`.
  ///
  /// - Safety: as for `callAtOnce`.
  @unsafe @inline(__always)
  public func replyAtOnce(
    receivingInto buffer: UInt, in scheduler: inout Scheduler, write: (UnsafeMutablePointer<UInt>) -> Void
  ) -> Handover? {
    // Nobody else waits with the caller, and an open port is alive.
    guard let caller = answers.fields.first else { return nil }
    guard callers.fields.first == nil, fields.isAlive, scheduler.canTakePlace(caller, waitingIn: servers)
    else { return nil }
    return unsafe pass(to: caller, of: answers, waitingIn: servers, buffer, in: &scheduler, write)
  }

  @unsafe @inline(__always)
  private func pass(
    to other: ThreadReference, of queue: WaitQueueReference, waitingIn next: WaitQueueReference,
    _ buffer: UInt, in scheduler: inout Scheduler, _ write: (UnsafeMutablePointer<UInt>) -> Void
  ) -> Handover {
    // SAFETY: whoever waits has named its buffer, which is no null pointer and writable until its wait is over.
    unsafe write(UnsafeMutablePointer<UInt>(bitPattern: other.fields.exchange).unsafelyUnwrapped)
    scheduler.current.fields.exchange = buffer
    return scheduler.pass(to: other, firstOf: queue, waitingIn: next)
  }

  /// Receives the next call, or begins to wait for one; a call that was received before and not answered is given up.
  ///
  /// - Returns: `.satisfied` or `.blocked`; `.timedOut` or `.cancelled` without having waited.
  /// - Throws: `.destroyed`.
  /// - Safety: `buffer` must be writable for the size of a message until the wait is over.
  @unsafe @inline(__always)
  public func receive(
    into buffer: UnsafeMutablePointer<UInt>, in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    if answers.fields.first != nil { _ = scheduler.wakeFirst(of: answers, .cancelled) }
    return try unsafe next(into: buffer, in: &scheduler, until: deadline)
  }

  /// Answers the call that was received last, and receives the next one.
  ///
  /// - Parameters:
  ///   - reply: the answer; the same place as `buffer` is allowed.
  ///   - buffer: where the next call goes.
  /// - Returns: as `receive` does. A reply to a caller that gave up is lost.
  /// - Throws: `.destroyed`; `.badCount` for more than `maximumBytes`.
  /// - Safety: `reply` must be readable now, and `buffer` as for `receive`.
  @unsafe @inline(__always)
  public func reply(
    _ reply: UnsafePointer<UInt>, receivingInto buffer: UnsafeMutablePointer<UInt>,
    in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    guard unsafe reply[0] <= Self.maximumBytes else { throw .badCount }
    return try unsafe self.reply(receivingInto: buffer, in: &scheduler, until: deadline) { place in
      // SAFETY: a waiting caller promised that its message is writable until its wait is over.
      unsafe Self.copy(reply, to: place)
      return true
    }
  }

  /// Answers with a reply that `write` puts where it is wanted, and receives the next call.
  ///
  /// - Parameters:
  ///   - buffer: where the next call goes.
  ///   - write: writes a message of at most `maximumBytes`, its length first; answers whether it could.
  /// - Returns: as `receive` does.
  /// - Throws: `.destroyed`; `.unreadable` if `write` could not: the call is still open then.
  /// - Safety: as for `receive`.
  @unsafe @inline(__always)
  public func reply(
    receivingInto buffer: UnsafeMutablePointer<UInt>, in scheduler: inout Scheduler,
    until deadline: UInt64 = .max, write: (UnsafeMutablePointer<UInt>) -> Bool
  ) throws(SyncError) -> WaitOutcome {
    if let caller = answers.fields.first {
      // SAFETY: whoever waits has named its buffer, which is no null pointer.
      let place = unsafe UnsafeMutablePointer<UInt>(
        bitPattern: caller.fields.exchange
      ).unsafelyUnwrapped
      guard unsafe write(place) else { throw .unreadable }
      scheduler.current.fields.exchange = UInt(bitPattern: buffer)
      if deadline == .max, callers.isEmpty, fields.isAlive,
        scheduler.handOver(to: caller, firstOf: answers, waitingIn: servers)
      {
        return .blocked
      }
      _ = scheduler.wakeFirst(of: answers)
    }
    return try unsafe next(into: buffer, in: &scheduler, until: deadline)
  }

  @unsafe @inline(__always)
  private func next(
    into buffer: UnsafeMutablePointer<UInt>, in scheduler: inout Scheduler, until deadline: UInt64
  ) throws(SyncError) -> WaitOutcome {
    guard let caller = callers.fields.first,
      let message = unsafe UnsafePointer<UInt>(bitPattern: caller.fields.exchange)
    else {
      guard fields.isAlive else { throw .destroyed }
      scheduler.current.fields.exchange = UInt(bitPattern: buffer)
      return scheduler.block(on: servers, until: deadline)
    }
    // SAFETY: a waiting caller promised that its message is readable until its wait is over.
    unsafe Self.copy(message, to: buffer)
    scheduler.moveFirst(of: callers, to: answers)
    return .satisfied
  }

  /// Ends the port's life: everybody who waits goes on, cancelled.
  ///
  /// - Throws: `.destroyed`.
  public func close(in scheduler: inout Scheduler) throws(SyncError) {
    guard fields.isAlive else { throw .destroyed }
    fields.isAlive = false
    while scheduler.wakeFirst(of: servers, .cancelled) != nil {}
    while scheduler.wakeFirst(of: callers, .cancelled) != nil {}
    while scheduler.wakeFirst(of: answers, .cancelled) != nil {}
  }

  /// Copies a message: its length, and as many words as it takes.
  ///
  /// Above its lowest 8 bits the first word is the sender's: who writes a message may name itself there.
  @unsafe @inline(__always)
  private static func copy(_ source: UnsafePointer<UInt>, to place: UnsafeMutablePointer<UInt>) {
    let first = unsafe source[0]
    unsafe place[0] = first
    let bytes = first & 0xFF
    let size = UInt(MemoryLayout<UInt>.size)
    var rest = (bytes &+ size &- 1) / size
    while rest != 0 {
      // SAFETY: the length was checked when the message was handed over; both have room for the longest one.
      unsafe place[Int(bitPattern: rest)] = source[Int(bitPattern: rest)]
      rest &-= 1
    }
  }
}
