/// Mutexes as the scheduler sees them: wait queues with an owner, which inherits the level of its waiters.
///
///      A (level 30) ──waits for──▶ m1 ──held by──▶ B (12 ▶ 30) ──waits for──▶ m2 ──held by──▶ C (3 ▶ 30)
///
/// C holds up A, so it runs at A's level until it gives m2 away, and so through the whole chain. Nobody can begin
/// to wait where the chain leads back to itself, so chains end. A thread's level is always the highest of its own
/// and those that wait for a mutex it holds; what its own waiting adds to it is passed on at the same moment.

import Trace

extension Scheduler {
  /// Takes a mutex for the current thread, or makes it wait for it.
  ///
  /// - Parameters:
  ///   - mutex: its queue; the current thread must not be its owner.
  ///   - deadline: as in `block(on:until:)`.
  /// - Returns: `.satisfied` or `.ownerEnded` with the mutex held, else as `block(on:until:)`.
  /// - Throws: `.deadlock` or `.chainTooLong`; then it does not wait.
  @inline(__always)
  public mutating func acquire(
    _ mutex: WaitQueueReference, until deadline: UInt64
  ) throws(SchedulingError) -> WaitOutcome {
    guard let owner = mutex.fields.owner else {
      let outcome: WaitOutcome = mutex.fields.isAbandoned ? .ownerEnded : .satisfied
      take(mutex, by: current)
      return outcome
    }
    return try wait(for: mutex, of: owner, until: deadline)
  }

  @inline(never)
  private mutating func wait(
    for mutex: WaitQueueReference, of owner: ThreadReference, until deadline: UInt64
  ) throws(SchedulingError) -> WaitOutcome {
    let thread = current
    if deadline != 0 { try checkChain(from: owner, to: thread) }
    let outcome = block(on: mutex, until: deadline)
    if outcome == .blocked { raise(ownersFrom: mutex, for: thread) }
    return outcome
  }

  /// Gives a mutex that the current thread holds to the first that waits for it, or to nobody.
  ///
  /// - Returns: whether another thread than the current one should run now.
  @inline(__always)
  public mutating func release(_ mutex: WaitQueueReference) -> Bool {
    let thread = current
    drop(mutex, by: thread)
    guard let waiter = mutex.fields.first else {
      mutex.fields.owner = nil
      return false
    }
    grant(mutex, to: waiter, .satisfied)
    if thread.fields.rank != thread.fields.baseRank { settle(thread) }
    return isSwitchDue()
  }

  @inline(__always)
  private mutating func take(_ mutex: WaitQueueReference, by thread: ThreadReference) {
    note(.lock, mutex, by: thread)
    mutex.fields.owner = thread
    mutex.fields.isAbandoned = false
    mutex.fields.nextHeld = thread.fields.held
    thread.fields.held = mutex
    thread.fields.heldMutexCount &+= 1
  }

  @inline(__always)
  private mutating func drop(_ mutex: WaitQueueReference, by thread: ThreadReference) {
    note(.unlock, mutex, by: thread)
    thread.fields.heldMutexCount &-= 1
    if thread.fields.held == mutex {
      thread.fields.held = mutex.fields.nextHeld
    } else {
      dropOlder(mutex, by: thread)
    }
  }

  /// Takes a mutex out of the middle of the list of those held: it is not given up in reverse order.
  private func dropOlder(_ mutex: WaitQueueReference, by thread: ThreadReference) {
    var newer = thread.fields.held
    while let place = newer, place.fields.nextHeld != mutex { newer = place.fields.nextHeld }
    newer?.fields.nextHeld = mutex.fields.nextHeld
  }

  /// Makes the first waiter of a mutex its owner.
  ///
  /// Those left are no more urgent, so it inherits nothing.
  private mutating func grant(
    _ mutex: WaitQueueReference, to thread: ThreadReference, _ outcome: WaitOutcome
  ) {
    mutex.removeFirst(thread)
    if thread.fields.atWaitEnd.contains(.leaveTimers) { timers.remove(thread) }
    thread.fields.waitQueue = nil
    noteOutcome(outcome, of: thread)
    take(mutex, by: thread)
    makeReady(thread)
  }

  /// A thread that gets its mutex back keeps the outcome of the wait before, but for the news of an ended owner.
  private func noteOutcome(_ outcome: WaitOutcome, of thread: ThreadReference) {
    let before = thread.fields.outcomeCode
    if before == .blocked || (before == .satisfied && outcome == .ownerEnded) {
      thread.fields.outcomeCode = outcome
    }
  }

  /// Passes on, or gives up, all mutexes of a thread that ends.
  mutating func abandonMutexes(of thread: ThreadReference) {
    while let mutex = thread.fields.held {
      drop(mutex, by: thread)
      if let waiter = mutex.fields.first {
        grant(mutex, to: waiter, .ownerEnded)
      } else {
        mutex.fields.owner = nil
        mutex.fields.isAbandoned = true
      }
    }
  }

  /// Makes the current thread give its mutex up, wait in a queue, and hold the mutex again before it runs.
  ///
  /// - Returns: `.blocked`; or `.timedOut` or `.cancelled`, with the mutex still held.
  public mutating func block(
    on queue: WaitQueueReference, releasing mutex: WaitQueueReference, until deadline: UInt64
  ) -> WaitOutcome {
    let thread = current
    let outcome = block(on: queue, until: deadline)
    guard outcome == .blocked else { return outcome }
    thread.fields.relock = mutex
    thread.fields.atWaitEnd.insert(.takeMutexBack)
    mutex.fields.returnCount &+= 1
    drop(mutex, by: thread)
    if let waiter = mutex.fields.first {
      grant(mutex, to: waiter, .satisfied)
      settle(thread)
    } else {
      mutex.fields.owner = nil
    }
    return outcome
  }

  /// Lets a thread whose wait is over hold its mutex again, at once or when its turn comes.
  @inline(never)
  mutating func takeBack(_ mutex: WaitQueueReference, for thread: ThreadReference) {
    thread.fields.relock = nil
    thread.fields.atWaitEnd.remove(.takeMutexBack)
    mutex.fields.returnCount &-= 1
    guard let owner = mutex.fields.owner else {
      noteOutcome(mutex.fields.isAbandoned ? .ownerEnded : .satisfied, of: thread)
      take(mutex, by: thread)
      makeReady(thread)
      return
    }
    do throws(SchedulingError) {
      try checkChain(from: owner, to: thread)
    } catch {
      thread.fields.outcomeCode = .deadlock
      makeReady(thread)
      return
    }
    thread.fields.waitQueue = mutex
    mutex.insert(thread)
    raise(ownersFrom: mutex, for: thread)
  }

  /// Refuses a wait for a mutex of `owner` that would close a circle.
  private func checkChain(from owner: ThreadReference, to thread: ThreadReference) throws(SchedulingError) {
    var link = owner
    for _ in 0..<Self.maximumChainLength {
      if link == thread { throw .deadlock }
      guard let next = link.fields.waitQueue?.fields.owner else { return }
      link = next
    }
    throw .chainTooLong
  }
}
