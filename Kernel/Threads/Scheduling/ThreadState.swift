/// Where a thread is in its life, and how its last wait ended.
///
///                 start           (chosen)
///     created ──────────▶ ready ◀──────────▶ running        exit           join or detach
///        │                  ▲                   │  └───────────────▶ exited ───────────▶ reclaimed
///        │ kill             │ wake, time-out,   │ block, sleep          ▲
///        │                  │ cancellation      ▼                       │
///        │                  └─────────────── waiting                    │
///        └──────────────────────────────────────────────────────────────┘
///
/// Running is no state of its own: the running thread is the ready thread that the scheduler names `current`.

/// A thread's place in its life cycle.
public enum ThreadState: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// Made, never run; `start` makes it ready.
  case created
  /// In a ready queue; it runs now if it is the scheduler's current thread.
  case ready
  /// In a wait queue, in the timer queue, or in both.
  case waiting
  /// Ended; its record and stack wait to be reclaimed.
  case exited
  /// Given back: nothing may be done with the record but to initialise it anew.
  case reclaimed
}

/// What the threads in a wait queue wait for.
public enum WaitReason: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// Nothing but time.
  case sleep
  /// The end of another thread.
  case join
  /// A mutex to be unlocked.
  case mutex
  /// A semaphore to be signalled.
  case semaphore
  /// A condition variable to be signalled.
  case condition
  /// An event to be set.
  case event
  /// The other threads of a barrier.
  case barrier
  /// Room in a message queue.
  case queueRoom
  /// A message in a message queue.
  case message

  /// The reason in one word.
  public var name: StaticString {
    switch self {
    case .sleep: "sleep"
    case .join: "join"
    case .mutex: "mutex"
    case .semaphore: "semaphore"
    case .condition: "condition"
    case .event: "event"
    case .barrier: "barrier"
    case .queueRoom: "send"
    case .message: "receive"
    }
  }
}

/// How a wait ended.
///
/// The thread that waited reads it from its own record once it runs again.
public enum WaitOutcome: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// What it waited for came.
  case satisfied
  /// It got the mutex because the thread that held it ended; what the mutex guards may be half changed.
  case ownerEnded
  /// The deadline passed first. This is also how a sleep ends as it should.
  case timedOut
  /// Another thread cancelled the wait, or kills the thread.
  case cancelled
  /// It should have got a condition's mutex back, but waiting for that would have closed a circle of owners. It
  /// does not hold the mutex.
  case deadlock
  /// It is not over: the caller must let the next thread run (`Scheduler.reschedule`), and reads from its own
  /// record how the wait ended when it runs again.
  case blocked
}
