/// Mutual exclusion with priority inheritance.
///
/// A mutex is locked and unlocked by the same thread, and a thread that holds one runs at least at the level of
/// those that wait for it, also through other mutexes in between. A wait that would never end because the owner
/// waits for the caller is refused as `.deadlock` before it begins.
///
/// This is also the pattern of all objects here: the object's record lies in memory that its user provides and
/// does not move while it lives; the value that is passed around is a reference of one word. Operations that may
/// wait return `.blocked` when the caller must let another thread run, see `Scheduler`. Operations that may wake
/// return whether a more urgent thread is ready, so that the caller must `reschedule()`.

import Scheduling

/// A mutex, by the place of its record.
@safe public struct Mutex: BitwiseCopyable {
  /// What a mutex is in memory.
  public typealias Record = SyncRecord<State>

  /// What it knows besides its owner, which the queue names.
  public struct State: SyncState {
    /// Whether it was not destroyed yet.
    public private(set) var isAlive = true
    /// Notes that it is destroyed.
    public mutating func end() { isAlive = false }

    init() {}
  }

  private let object: SyncObject<State>

  /// Makes an unlocked mutex.
  ///
  /// - Safety: the memory must be writable, stay in place until `destroy` has succeeded and no reference is used
  ///   any more, and be used through references only.
  @unsafe public init(at record: UnsafeMutablePointer<Record>) {
    // SAFETY: the caller promises the memory.
    object = unsafe SyncObject(at: record, waitingFor: .mutex, State())
  }

  @inline(__always)
  var queue: WaitQueueReference { object.queue }

  /// The thread that holds the mutex.
  public var owner: ThreadReference? { queue.fields.owner }
  /// The number of threads that wait for the mutex.
  public var waiterCount: Int { Int(queue.fields.count) }

  /// Locks the mutex, or begins to wait for it.
  ///
  /// - Parameters:
  ///   - scheduler: the processor's scheduler.
  ///   - deadline: the tick at which to give up, 0 to only try, or `UInt64.max`.
  /// - Returns: `.satisfied`, or `.ownerEnded` if the last owner ended with the mutex locked; `.blocked`;
  ///   `.timedOut` or `.cancelled` without having waited.
  /// - Throws: `.alreadyOwner`, `.deadlock`, `.chainTooLong` or `.destroyed`.
  @inline(__always)
  public func lock(
    in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    try object.checkAlive()
    if let owner = queue.fields.owner, owner == scheduler.current { throw .alreadyOwner }
    do throws(SchedulingError) { return try scheduler.acquire(queue, until: deadline) } catch {
      throw SyncError(error)
    }
  }

  /// Unlocks the mutex; the first waiting thread holds it then.
  ///
  /// - Returns: whether another thread should run now.
  /// - Throws: `.notOwner` or `.destroyed`.
  @inline(__always)
  public func unlock(in scheduler: inout Scheduler) throws(SyncError) -> Bool {
    guard queue.fields.owner == scheduler.current else { throw object.state.isAlive ? .notOwner : .destroyed }
    return scheduler.release(queue)
  }

  /// Ends the mutex's life.
  ///
  /// - Throws: `.stillHeld`, `.stillWaitedFor` (also by threads that wait for a condition and shall get the mutex
  ///   back) or `.destroyed`.
  public func destroy() throws(SyncError) {
    try object.checkAlive()
    if queue.fields.owner != nil { throw .stillHeld }
    if queue.fields.returnCount != 0 { throw .stillWaitedFor }
    try object.destroy()
  }
}
