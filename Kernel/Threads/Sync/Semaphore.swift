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
  public typealias Record = SyncRecord<State>

  /// What it knows.
  public struct State: SyncState {
    var count: UInt32
    var limit: UInt32
    /// Whether it was not destroyed yet.
    public var isAlive: Bool { limit != 0 }
    /// Notes that it is destroyed.
    public mutating func end() {
      count = 0
      limit = 0
    }
  }

  private let object: SyncObject<State>

  /// Makes a semaphore with `count` of at most `limit` units.
  ///
  /// - Throws: `.badCount` if the limit is zero or the count above it.
  /// - Safety: as for `Mutex.init(at:)`.
  @unsafe public init(
    at record: UnsafeMutablePointer<Record>, count: UInt32, limit: UInt32 = .max
  ) throws(SyncError) {
    guard limit > 0, count <= limit else { throw .badCount }
    // SAFETY: the caller promises the memory.
    object = unsafe SyncObject(at: record, waitingFor: .semaphore, State(count: count, limit: limit))
  }

  /// The units left.
  public var count: Int { Int(object.state.count) }
  /// The number of threads that wait.
  public var waiterCount: Int { Int(object.queue.fields.count) }

  /// Takes a unit, or begins to wait for one.
  ///
  /// - Returns: `.satisfied` or `.blocked`; `.timedOut` or `.cancelled` without having waited.
  /// - Throws: `.destroyed`.
  @inline(__always)
  public func wait(
    in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    let count = object.state.count
    if count != 0 {
      object.state.count = count &- 1
      return .satisfied
    }
    try object.checkAlive()
    return scheduler.block(on: object.queue, until: deadline)
  }

  /// Gives a unit to the first waiting thread, or adds it to the count.
  ///
  /// - Returns: whether another thread should run now.
  /// - Throws: `.overflow` or `.destroyed`.
  @inline(__always)
  public func signal(in scheduler: inout Scheduler) throws(SyncError) -> Bool {
    if let thread = scheduler.wakeFirst(of: object.queue) { return scheduler.isMoreUrgent(thread) }
    let count = object.state.count
    guard count < object.state.limit else { throw object.state.limit == 0 ? .destroyed : .overflow }
    object.state.count = count &+ 1
    return false
  }

  /// Ends the semaphore's life.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  public func destroy() throws(SyncError) { try object.destroy() }
}
