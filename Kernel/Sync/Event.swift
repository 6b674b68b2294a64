/// An event: something that has happened or has not.

import Scheduling

/// An event, by the place of its record.
///
/// See `Mutex` for what the objects have in common.
///
/// - Invariant: no thread waits while the event is set.
@safe public struct Event: BitwiseCopyable {
  /// When a set event becomes unset.
  public enum Reset: UInt8, BitwiseCopyable, Sendable {
    /// By `reset` only: it lets all threads pass.
    case manual
    /// By the first thread that passes: it lets one thread pass.
    case automatic
  }

  /// What an event is in memory.
  public struct Record: BitwiseCopyable {
    var queue: WaitQueue
    var isSet: Bool
    var reset: Reset
    var isAlive: Bool
  }

  private let record: UnsafeMutablePointer<Record>

  /// Makes an event.
  ///
  /// - Safety: as for `Mutex.init(at:)`.
  @unsafe public init(at record: UnsafeMutablePointer<Record>, reset: Reset, isSet: Bool = false) {
    unsafe self.record = record
    unsafe record.initialize(
      to: Record(queue: WaitQueue(reason: .event), isSet: isSet, reset: reset, isAlive: true))
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

  /// Whether a thread would pass.
  public var isSet: Bool { fields.isSet }
  /// The number of threads that wait.
  public var waiterCount: Int { Int(fields.queue.count) }

  /// Passes if the event is set, or begins to wait for that.
  ///
  /// - Returns: `.satisfied` or `.blocked`; `.timedOut` or `.cancelled` without having waited.
  /// - Throws: `.destroyed`.
  public func wait(
    in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    guard fields.isAlive else { throw .destroyed }
    guard fields.isSet else { return scheduler.block(on: queue, until: deadline) }
    if fields.reset == .automatic { fields.isSet = false }
    return .satisfied
  }

  /// Sets the event: all waiting threads pass, or with automatic reset the first.
  ///
  /// Setting it again is nothing.
  ///
  /// - Returns: whether another thread should run now.
  /// - Throws: `.destroyed`.
  public func set(in scheduler: inout Scheduler) throws(SyncError) -> Bool {
    guard fields.isAlive else { throw .destroyed }
    switch fields.reset {
    case .automatic:
      if scheduler.wakeFirst(of: queue) == nil { fields.isSet = true }
    case .manual:
      fields.isSet = true
      while scheduler.wakeFirst(of: queue) != nil {}
    }
    return scheduler.isSwitchDue()
  }

  /// Unsets the event.
  ///
  /// - Throws: `.destroyed`.
  public func reset() throws(SyncError) {
    guard fields.isAlive else { throw .destroyed }
    fields.isSet = false
  }

  /// Ends the event's life.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  public func destroy() throws(SyncError) {
    guard fields.isAlive else { throw .destroyed }
    if !queue.isEmpty { throw .stillWaitedFor }
    fields.isAlive = false
  }
}
