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
  public typealias Record = SyncRecord<State>

  /// What it knows.
  public struct State: SyncState {
    // The mutex of the threads that wait.
    var mutex: WaitQueueReference?
    /// Whether it was not destroyed yet.
    public private(set) var isAlive = true
    /// Notes that it is destroyed.
    public mutating func end() { isAlive = false }

    init() {}
  }

  private let object: SyncObject<State>

  /// Makes a condition variable.
  ///
  /// - Safety: as for `Mutex.init(at:)`.
  @unsafe public init(at record: UnsafeMutablePointer<Record>) {
    // SAFETY: the caller promises the memory.
    object = unsafe SyncObject(at: record, waitingFor: .condition, State())
  }

  /// The number of threads that wait for a signal.
  public var waiterCount: Int { Int(object.queue.fields.count) }

  /// Unlocks the mutex and begins to wait for a signal; the mutex is locked again when the wait is over.
  ///
  /// - Returns: `.blocked`; or `.timedOut` or `.cancelled` with the mutex still locked. The outcome of the wait may
  ///   be `.ownerEnded`, with the mutex locked, and `.deadlock`, without.
  /// - Throws: `.notOwner` unless the thread holds the mutex, `.otherMutex` or `.destroyed`.
  public func wait(
    with mutex: Mutex, in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    try object.checkAlive()
    guard mutex.owner == scheduler.current else { throw .notOwner }
    if let other = object.state.mutex, other != mutex.queue, !object.queue.isEmpty { throw .otherMutex }
    object.state.mutex = mutex.queue
    return scheduler.block(on: object.queue, releasing: mutex.queue, until: deadline)
  }

  /// Ends the wait of the first thread, if any waits.
  ///
  /// - Returns: whether another thread should run now.
  /// - Throws: `.destroyed`.
  public func signal(in scheduler: inout Scheduler) throws(SyncError) -> Bool {
    try object.checkAlive()
    _ = scheduler.wakeFirst(of: object.queue)
    return scheduler.isSwitchDue()
  }

  /// Ends the waits of all threads, in the order in which they will get the mutex.
  ///
  /// - Returns: whether another thread should run now.
  /// - Throws: `.destroyed`.
  public func broadcast(in scheduler: inout Scheduler) throws(SyncError) -> Bool {
    try object.checkAlive()
    while scheduler.wakeFirst(of: object.queue) != nil {}
    return scheduler.isSwitchDue()
  }

  /// Ends the condition variable's life.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  public func destroy() throws(SyncError) { try object.destroy() }
}
