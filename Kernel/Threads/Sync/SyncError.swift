/// What threads can do wrong with the objects they wait for, by name.

import Scheduling

/// Why an operation on a synchronisation object was refused.
///
/// Nothing was changed.
public enum SyncError: UInt8, Error, BitwiseCopyable, Sendable, CaseIterable {
  /// The object was destroyed before.
  case destroyed
  /// The thread does not hold the mutex that it unlocks, or waits with.
  case notOwner
  /// The thread holds the mutex that it locks.
  case alreadyOwner
  /// Threads wait for the object that shall be destroyed.
  case stillWaitedFor
  /// A thread holds the mutex that shall be destroyed.
  case stillHeld
  /// A semaphore was signalled more often than its limit allows.
  case overflow
  /// A count is zero that must not be, or above its limit: no parties, no room, no bytes.
  case badCount
  /// Threads wait for the condition with another mutex.
  case otherMutex
  /// Waiting would close a circle of threads that hold and want mutexes.
  case deadlock
  /// More than `Scheduler.maximumChainLength` owners wait for one another in a row.
  case chainTooLong
  /// A message can't be read where it is.
  case unreadable

  /// The error as words.
  public var text: StaticString {
    switch self {
    case .destroyed: "used after it was destroyed"
    case .notOwner: "the thread does not hold the mutex"
    case .alreadyOwner: "the thread holds the mutex already"
    case .stillWaitedFor: "destroyed while threads wait for it"
    case .stillHeld: "destroyed while a thread holds it"
    case .overflow: "signalled beyond its limit"
    case .badCount: "a count is zero or above its limit"
    case .otherMutex: "the condition is in use with another mutex"
    case .deadlock: "waiting would close a circle of owners"
    case .chainTooLong: "too many owners wait for one another in a row"
    case .unreadable: "the message can't be read"
    }
  }

  /// The scheduler's refusal of a wait for a mutex.
  init(_ error: SchedulingError) { self = error == .deadlock ? .deadlock : .chainTooLong }
}
