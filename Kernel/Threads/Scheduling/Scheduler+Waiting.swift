/// How waits begin and end.

import Trace

extension Scheduler {
  /// Makes the current thread wait in a queue.
  ///
  /// The caller must then `reschedule()`.
  ///
  /// For the idle thread, which cannot wait, every wait is cancelled.
  ///
  /// - Parameters:
  ///   - queue: where to wait.
  ///   - deadline: the tick at which the wait ends with `.timedOut`; 0 not to wait at all; `UInt64.max` to wait
  ///     without a limit.
  /// - Returns: `.blocked`, or `.timedOut` or `.cancelled` if the thread did not begin to wait.
  @inline(__always)
  public mutating func block(on queue: WaitQueueReference, until deadline: UInt64) -> WaitOutcome {
    let thread = current
    if deadline == 0 { return .timedOut }
    if thread.fields.cancellation.isDue { return takeCancellation(of: thread) }
    leaveReady(thread)
    thread.fields.waitQueue = queue
    queue.insert(thread)
    if deadline != .max { timers.insert(thread, deadline: deadline) }
    return .blocked
  }

  /// Makes the current thread wait in no queue, for `wake(_:)`; otherwise as `block`.
  @inline(__always)
  public mutating func blockAlone(until deadline: UInt64) -> WaitOutcome {
    let thread = current
    if deadline == 0 { return .timedOut }
    if thread.fields.cancellation.isDue { return takeCancellation(of: thread) }
    leaveReady(thread)
    if deadline != .max { timers.insert(thread, deadline: deadline) }
    return .blocked
  }

  /// Ends the wait of a thread that has begun with `blockAlone`, if it has not ended yet.
  @inline(__always)
  public mutating func wake(_ thread: ThreadReference) {
    guard thread.fields.stateCode == .waiting, thread.fields.waitQueue == nil else { return }
    leaveWait(thread, .satisfied)
  }

  /// Makes the current thread sleep.
  ///
  /// The caller must then `reschedule()`. A sleep that ends as it should ends with `.timedOut`.
  ///
  /// - Parameter deadline: the tick to wake at; 0 not to sleep, `UInt64.max` to sleep until cancelled.
  /// - Throws: `.idleThread`.
  public mutating func sleep(until deadline: UInt64) throws(SchedulingError) -> WaitOutcome {
    let thread = current
    if thread.isIdle { throw .idleThread }
    if deadline == 0 { return .timedOut }
    if thread.fields.cancellation.isDue { return takeCancellation(of: thread) }
    leaveReady(thread)
    if deadline != .max { timers.insert(thread, deadline: deadline) }
    return .blocked
  }

  @inline(__always)
  private mutating func leaveReady(_ thread: ThreadReference) {
    assert(!thread.isIdle, "the idle thread cannot wait")
    ready.removeHead(thread)
    thread.fields.stateCode = .waiting
    thread.fields.outcomeCode = .blocked
  }

  @inline(never)
  func takeCancellation(of thread: ThreadReference) -> WaitOutcome {
    thread.fields.cancellation.remove(.once)
    return .cancelled
  }

  /// Ends the wait of the first thread of a queue.
  ///
  /// - Returns: that thread, ready now, or `nil` if nobody waits.
  @inline(__always)
  public mutating func wakeFirst(
    of queue: WaitQueueReference, _ outcome: WaitOutcome = .satisfied
  ) -> ThreadReference? {
    guard let thread = queue.fields.first else { return nil }
    queue.removeFirst(thread)
    leaveWait(thread, outcome)
    return thread
  }

  /// Lets the first thread of a queue wait in another one, which has no owner either; its deadline stays.
  @inline(__always)
  public mutating func moveFirst(of queue: WaitQueueReference, to other: WaitQueueReference) {
    guard let thread = queue.fields.first else { return }
    queue.removeFirst(thread)
    thread.fields.waitQueue = other
    other.insert(thread)
  }

  /// Lets the first thread of one queue run in place of the current one, which waits in another, without a limit.
  ///
  /// What a wake-up and a wait do, in one step, for the case in which nobody else is concerned: both threads are of one
  /// level and alone in it, the first queue has no other thread and the second none, and nothing is recorded. Afterwards
  /// the caller must leave the current thread, as after `block`.
  ///
  /// - Returns: whether it was done; if not, nothing has changed.
  @inline(__always)
  public mutating func handOver(
    to next: ThreadReference, firstOf queue: WaitQueueReference, waitingIn other: WaitQueueReference
  ) -> Bool {
    guard queue.fields.count == 1, canTakePlace(next, waitingIn: other), !trace.isOn else { return false }
    takePlace(next, firstOf: queue, waitingIn: other)
    return true
  }

  /// Whether a thread that waits can take the current one's place, which is to wait in a queue: what `handOver` asks of both
  /// threads and that queue.
  @inline(__always)
  public func canTakePlace(_ next: ThreadReference, waitingIn other: WaitQueueReference) -> Bool {
    let thread = current
    // Each for itself: joined, the compiler takes twice the steps.
    guard thread.fields.next == thread else { return false }
    guard next.fields.rank == thread.fields.rank else { return false }
    guard next.fields.atWaitEnd.isEmpty else { return false }
    guard other.fields.first == nil else { return false }
    return thread.fields.cancellation.isEmpty
  }

  @inline(__always)
  private mutating func takePlace(
    _ next: ThreadReference, firstOf queue: WaitQueueReference, waitingIn other: WaitQueueReference
  ) {
    let thread = current
    queue.fields.first = nil
    queue.fields.count = 0
    next.fields.waitQueue = nil
    next.fields.outcomeCode = .satisfied
    next.fields.stateCode = .ready
    ready.setHead(ofRank: next.fields.rank, to: next)
    other.fields.first = thread
    other.fields.count = 1
    thread.fields.waitQueue = other
    thread.fields.outcomeCode = .blocked
    thread.fields.stateCode = .waiting
  }

  /// The same as `handOver` and then `leaveCurrent`, for who knows that it can be done and that nothing is recorded: the one
  /// takes the other's place and is the head of the level that was the most urgent.
  @inline(__always)
  public mutating func pass(
    to next: ThreadReference, firstOf queue: WaitQueueReference, waitingIn other: WaitQueueReference
  ) -> Handover {
    let thread = current
    takePlace(next, firstOf: queue, waitingIn: other)
    current = next
    next.fields.switchCount &+= 1
    return Handover(from: thread, to: next)
  }

  /// Whether a thread that was made ready should run instead of the current one.
  @inline(__always)
  public func isMoreUrgent(_ thread: ThreadReference) -> Bool {
    thread.fields.rank > current.fields.rank
  }

  /// Ends a wait in a queue that nobody owns.
  @inline(__always)
  mutating func endWait(of thread: ThreadReference, in queue: WaitQueueReference, _ outcome: WaitOutcome) {
    queue.remove(thread)
    leaveWait(thread, outcome)
  }

  @inline(__always)
  private mutating func leaveWait(_ thread: ThreadReference, _ outcome: WaitOutcome) {
    thread.fields.waitQueue = nil
    thread.fields.outcomeCode = outcome
    if thread.fields.atWaitEnd.isEmpty { makeReady(thread) } else { performDuties(of: thread) }
  }

  @inline(never)
  private mutating func performDuties(of thread: ThreadReference) {
    if thread.fields.atWaitEnd.contains(.leaveTimers) { timers.remove(thread) }
    if let mutex = thread.fields.relock { takeBack(mutex, for: thread) } else { makeReady(thread) }
  }

  /// Ends a wait that did not get what it waited for.
  mutating func abortWait(of thread: ThreadReference, _ outcome: WaitOutcome) {
    guard let queue = thread.fields.waitQueue else {
      // A sleep.
      leaveWait(thread, outcome)
      return
    }
    let owner = queue.fields.owner
    endWait(of: thread, in: queue, outcome)
    // Whoever holds the mutex may have inherited its level from this thread.
    if let owner { settle(owner) }
  }

  /// The tick at which the timer must interrupt next to end a sleep or a wait; `UInt64.max` if there is none.
  @inline(__always)
  public var nextDeadline: UInt64 { timers.nextDeadline }

  /// Whether a sleep or a wait ends within `ticks` of `now`.
  @inline(__always)
  public func hasDeadline(within ticks: UInt64, of now: UInt64) -> Bool {
    guard let root = timers.root else { return false }
    return root.fields.deadline <= now &+ ticks
  }

  /// The number of threads with a deadline.
  public var timedThreadCount: UInt { timers.count }

  /// Ends every sleep and wait whose deadline is at most `now`.
  @inline(__always)
  public mutating func expire(at now: UInt64) {
    while let thread = timers.root, thread.fields.deadline <= now {
      // The common case first: a sleep, and the only one.
      if thread.fields.waitQueue == nil && timers.removeOnly(thread) {
        thread.fields.outcomeCode = .timedOut
        makeReady(thread)
      } else {
        timeOut(thread)
      }
    }
  }

  @inline(never)
  private mutating func timeOut(_ thread: ThreadReference) { abortWait(of: thread, .timedOut) }

  /// Whether any sleep or wait has a deadline.
  @inline(__always)
  public var hasDeadlines: Bool { timers.root != nil }
}
