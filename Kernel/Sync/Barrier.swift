/// A barrier: threads go on when all have arrived.

import Scheduling

/// A barrier, by the place of its record.
///
/// See `Mutex` for what the objects have in common.
///
/// A thread whose wait times out or is cancelled has not arrived: the others go on waiting for it, or for another.
@safe public struct Barrier: BitwiseCopyable {
  /// What a barrier is in memory.
  public struct Record: BitwiseCopyable {
    var queue: WaitQueue
    // Zero once destroyed.
    var parties: UInt32
  }

  private let record: UnsafeMutablePointer<Record>

  /// Makes a barrier for a number of threads.
  ///
  /// - Throws: `.badCount` if that is zero.
  /// - Safety: as for `Mutex.init(at:)`.
  @unsafe public init(at record: UnsafeMutablePointer<Record>, parties: UInt32) throws(SyncError) {
    guard parties > 0 else { throw .badCount }
    unsafe self.record = record
    unsafe record.initialize(to: Record(queue: WaitQueue(reason: .barrier), parties: parties))
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

  /// The number of threads that have arrived and wait.
  public var waiterCount: Int { Int(fields.queue.count) }

  /// Arrives; the last to arrive lets all others pass.
  ///
  /// - Returns: `.satisfied` for the last, whose caller must `reschedule()`; `.blocked` for the others; `.timedOut`
  ///   or `.cancelled` without having arrived.
  /// - Throws: `.destroyed`.
  public func wait(
    in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    if fields.parties == 0 { throw .destroyed }
    guard fields.queue.count &+ 1 == fields.parties else {
      return scheduler.block(on: queue, until: deadline)
    }
    while scheduler.wakeFirst(of: queue) != nil {}
    return .satisfied
  }

  /// Ends the barrier's life.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  public func destroy() throws(SyncError) {
    if fields.parties == 0 { throw .destroyed }
    if !queue.isEmpty { throw .stillWaitedFor }
    fields.parties = 0
  }
}
