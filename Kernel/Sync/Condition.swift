/// A condition variable: threads wait until another says that what a mutex guards has changed.

import Scheduling

/// A condition variable, by the place of its record.
///
/// See `Mutex` for what the objects have in common.
///
/// A thread that waits gives its mutex up and holds it again when it runs, however its wait ended (but for
/// `.deadlock`). A signalled thread does not run only to find the mutex locked: it moves from this queue to the
/// mutex's, and its level counts for the owner from then on.
@safe public struct Condition: BitwiseCopyable {
  /// What a condition variable is in memory.
  public struct Record: BitwiseCopyable {
    var queue: WaitQueue
    var mutex: WaitQueueReference?
    var isAlive: Bool
  }

  private let record: UnsafeMutablePointer<Record>

  /// Makes a condition variable.
  ///
  /// - Safety: as for `Mutex.init(at:)`.
  @unsafe public init(at record: UnsafeMutablePointer<Record>) {
    unsafe self.record = record
    unsafe record.initialize(to: Record(queue: WaitQueue(reason: .condition), mutex: nil, isAlive: true))
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

  /// The number of threads that wait for a signal.
  public var waiterCount: Int { Int(fields.queue.count) }

  /// Unlocks the mutex and begins to wait for a signal; the mutex is locked again when the wait is over.
  ///
  /// - Returns: `.blocked`; or `.timedOut` or `.cancelled` with the mutex still locked. The outcome of the wait may
  ///   be `.ownerEnded`, with the mutex locked, and `.deadlock`, without.
  /// - Throws: `.notOwner` unless the thread holds the mutex, `.otherMutex` or `.destroyed`.
  public func wait(
    with mutex: Mutex, in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    guard fields.isAlive else { throw .destroyed }
    guard mutex.owner == scheduler.current else { throw .notOwner }
    if let other = fields.mutex, other != mutex.queue, !queue.isEmpty { throw .otherMutex }
    fields.mutex = mutex.queue
    return scheduler.block(on: queue, releasing: mutex.queue, until: deadline)
  }

  /// Ends the wait of the first thread, if any waits.
  ///
  /// - Returns: whether another thread should run now.
  /// - Throws: `.destroyed`.
  public func signal(in scheduler: inout Scheduler) throws(SyncError) -> Bool {
    guard fields.isAlive else { throw .destroyed }
    _ = scheduler.wakeFirst(of: queue)
    return scheduler.isSwitchDue()
  }

  /// Ends the waits of all threads, in the order in which they will get the mutex.
  ///
  /// - Returns: whether another thread should run now.
  /// - Throws: `.destroyed`.
  public func broadcast(in scheduler: inout Scheduler) throws(SyncError) -> Bool {
    guard fields.isAlive else { throw .destroyed }
    while scheduler.wakeFirst(of: queue) != nil {}
    return scheduler.isSwitchDue()
  }

  /// Ends the condition variable's life.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  public func destroy() throws(SyncError) {
    guard fields.isAlive else { throw .destroyed }
    if !queue.isEmpty { throw .stillWaitedFor }
    fields.isAlive = false
  }
}
