/// A counting semaphore.

import Scheduling

/// A semaphore, by the place of its record.
///
/// See `Mutex` for what the objects have in common.
///
/// - Invariant: the count is zero while threads wait. Both count and limit are zero after `destroy`, so that the
///   fast paths refuse a destroyed semaphore without a test of their own.
@safe public struct Semaphore: BitwiseCopyable {
  /// What a semaphore is in memory.
  public struct Record: BitwiseCopyable {
    var queue: WaitQueue
    var count: UInt32
    var limit: UInt32
  }

  private let record: UnsafeMutablePointer<Record>

  /// Makes a semaphore with `count` of at most `limit` units.
  ///
  /// - Throws: `.badCount` if the limit is zero or the count above it.
  /// - Safety: as for `Mutex.init(at:)`.
  @unsafe public init(
    at record: UnsafeMutablePointer<Record>, count: UInt32, limit: UInt32 = .max
  ) throws(SyncError) {
    guard limit > 0, count <= limit else { throw .badCount }
    unsafe self.record = record
    unsafe record.initialize(to: Record(queue: WaitQueue(reason: .semaphore), count: count, limit: limit))
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
  private var queue: WaitQueueReference {
    // SAFETY: the queue is part of the record, which stays until `destroy`, and that is refused while a thread
    // waits in the queue.
    unsafe WaitQueueReference(at: &record.pointee.queue)
  }

  /// The units left.
  public var count: Int { Int(fields.count) }
  /// The number of threads that wait.
  public var waiterCount: Int { Int(fields.queue.count) }

  /// Takes a unit, or begins to wait for one.
  ///
  /// - Returns: `.satisfied` or `.blocked`; `.timedOut` or `.cancelled` without having waited.
  /// - Throws: `.destroyed`.
  @inline(__always)
  public func wait(
    in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    let count = fields.count
    if count != 0 {
      fields.count = count &- 1
      return .satisfied
    }
    if fields.limit == 0 { throw .destroyed }
    return scheduler.block(on: queue, until: deadline)
  }

  /// Gives a unit to the first waiting thread, or adds it to the count.
  ///
  /// - Returns: whether another thread should run now.
  /// - Throws: `.overflow` or `.destroyed`.
  @inline(__always)
  public func signal(in scheduler: inout Scheduler) throws(SyncError) -> Bool {
    if let thread = scheduler.wakeFirst(of: queue) { return scheduler.isMoreUrgent(thread) }
    let count = fields.count
    guard count < fields.limit else { throw fields.limit == 0 ? .destroyed : .overflow }
    fields.count = count &+ 1
    return false
  }

  /// Ends the semaphore's life.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  public func destroy() throws(SyncError) {
    if fields.limit == 0 { throw .destroyed }
    if !queue.isEmpty { throw .stillWaitedFor }
    fields.count = 0
    fields.limit = 0
  }
}
