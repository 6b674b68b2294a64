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
  public typealias Record = SyncRecord<State>

  /// What it knows.
  public struct State: SyncState {
    var isSet: Bool
    var reset: Reset
    /// Whether it was not destroyed yet.
    public private(set) var isAlive = true
    /// Notes that it is destroyed.
    public mutating func end() { isAlive = false }

    init(isSet: Bool, reset: Reset) {
      self.isSet = isSet
      self.reset = reset
    }
  }

  private let object: SyncObject<State>

  /// Makes an event.
  ///
  /// - Safety: as for `Mutex.init(at:)`.
  @unsafe public init(at record: UnsafeMutablePointer<Record>, reset: Reset, isSet: Bool = false) {
    // SAFETY: the caller promises the memory.
    object = unsafe SyncObject(at: record, waitingFor: .event, State(isSet: isSet, reset: reset))
  }

  /// Whether a thread would pass.
  public var isSet: Bool { object.state.isSet }
  /// The number of threads that wait.
  public var waiterCount: Int { Int(object.queue.fields.count) }

  /// Passes if the event is set, or begins to wait for that.
  ///
  /// - Returns: `.satisfied` or `.blocked`; `.timedOut` or `.cancelled` without having waited.
  /// - Throws: `.destroyed`.
  public func wait(
    in scheduler: inout Scheduler, until deadline: UInt64 = .max
  ) throws(SyncError) -> WaitOutcome {
    try object.checkAlive()
    guard object.state.isSet else { return scheduler.block(on: object.queue, until: deadline) }
    if object.state.reset == .automatic { object.state.isSet = false }
    return .satisfied
  }

  /// Sets the event: all waiting threads pass, or with automatic reset the first.
  ///
  /// Setting it again is nothing.
  ///
  /// - Returns: whether another thread should run now.
  /// - Throws: `.destroyed`.
  public func set(in scheduler: inout Scheduler) throws(SyncError) -> Bool {
    try object.checkAlive()
    switch object.state.reset {
    case .automatic:
      if scheduler.wakeFirst(of: object.queue) == nil { object.state.isSet = true }
    case .manual:
      object.state.isSet = true
      while scheduler.wakeFirst(of: object.queue) != nil {}
    }
    return scheduler.isSwitchDue()
  }

  /// Unsets the event.
  ///
  /// - Throws: `.destroyed`.
  public func reset() throws(SyncError) {
    try object.checkAlive()
    object.state.isSet = false
  }

  /// Ends the event's life.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  public func destroy() throws(SyncError) { try object.destroy() }
}
