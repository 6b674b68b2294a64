/// A barrier: threads go on when all have arrived.

import Scheduling

/// A barrier, by the place of its record.
///
/// See `Mutex` for what the objects have in common.
///
/// A thread whose wait times out or is cancelled has not arrived: the others go on waiting for it, or for another.
@safe public struct Barrier: BitwiseCopyable {
  /// What a barrier is in memory.
  public typealias Record = SyncRecord<State>

  /// What it knows.
  public struct State: SyncState {
    // Zero once destroyed.
    var parties: UInt32
    /// Whether it was not destroyed yet.
    public var isAlive: Bool { parties != 0 }
    /// Notes that it is destroyed.
    public mutating func end() { parties = 0 }
  }

  private let object: SyncObject<State>

  /// Makes a barrier for a number of threads.
  ///
  /// - Throws: `.badCount` if that is zero.
  /// - Safety: as for `Mutex.init(at:)`.
  @unsafe public init(at record: UnsafeMutablePointer<Record>, parties: UInt32) throws(SyncError) {
    guard parties > 0 else { throw .badCount }
    // SAFETY: the caller promises the memory.
    object = unsafe SyncObject(at: record, waitingFor: .barrier, State(parties: parties))
  }

  /// The number of threads that have arrived and wait.
  public var waiterCount: Int { Int(object.queue.fields.count) }

  /// Arrives; the last to arrive lets all others pass.
  ///
  /// - Returns: `.satisfied` for the last, whose caller must `reschedule()`; `.blocked` for the others; `.timedOut`
  ///   or `.cancelled` without having arrived.
  /// - Throws: `.destroyed`.
  public func wait(
    in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    try object.checkAlive()
    guard object.queue.fields.count &+ 1 == object.state.parties else {
      return scheduler.block(on: object.queue, until: deadline)
    }
    while scheduler.wakeFirst(of: object.queue) != nil {}
    return .satisfied
  }

  /// Ends the barrier's life.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  public func destroy() throws(SyncError) { try object.destroy() }
}
