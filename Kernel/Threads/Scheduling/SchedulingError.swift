/// What the scheduler refuses, by name.

/// Why an operation on a thread was refused.
///
/// Nothing was changed.
public enum SchedulingError: UInt8, Error, BitwiseCopyable, Sendable, CaseIterable {
  /// The thread was started before.
  case alreadyStarted
  /// The thread has been given back.
  case reclaimed
  /// The thread is the one that asks: it cannot join itself.
  case joinsItself
  /// Another thread waits for this one's end already.
  case alreadyJoined
  /// The thread is detached: nobody may wait for its end.
  case detached
  /// The thread has not ended, or somebody may still ask how it ended.
  case stillInUse
  /// The thread is the idle thread, which has no priority, no end and no waits.
  case idleThread
  /// Waiting would close a circle: the mutex's owner waits, directly or through others, for the caller.
  case deadlock
  /// More than `Scheduler.maximumChainLength` mutexes in a row, each owner waiting for the next.
  case chainTooLong

  /// The error as words.
  public var text: StaticString {
    switch self {
    case .alreadyStarted: "the thread was started before"
    case .reclaimed: "the thread has been given back"
    case .joinsItself: "a thread cannot join itself"
    case .alreadyJoined: "another thread joins this one"
    case .detached: "the thread is detached"
    case .stillInUse: "the thread has not ended or is still to be joined"
    case .idleThread: "the idle thread has no priority, end or waits"
    case .deadlock: "waiting would close a circle of owners"
    case .chainTooLong: "too many owners wait for one another in a row"
    }
  }
}
