/// How threads begin and end.

import Trace

extension Scheduler {
  /// Makes a created thread ready.
  ///
  /// - Throws: `.alreadyStarted`, or `.reclaimed`.
  public mutating func start(_ thread: ThreadReference) throws(SchedulingError) {
    guard thread.fields.stateCode == .created else {
      throw thread.fields.stateCode == .reclaimed ? .reclaimed : .alreadyStarted
    }
    makeReady(thread)
  }

  /// Ends the current thread.
  ///
  /// The caller must `reschedule()`, and never comes back.
  ///
  /// Mutexes that it holds pass to the threads that wait for them, which learn it by `.ownerEnded`.
  ///
  /// - Throws: `.idleThread`, which cannot end.
  public mutating func exit(code: UInt) throws(SchedulingError) {
    let thread = current
    if thread.isIdle { throw .idleThread }
    ready.removeHead(thread)
    if thread.fields.held != nil { abandonMutexes(of: thread) }
    finish(thread, code: code)
  }

  /// Marks a thread ended that is in no queue, and wakes the thread that joins it.
  private mutating func finish(_ thread: ThreadReference, code: UInt) {
    thread.fields.stateCode = .exited
    thread.fields.exitCode = code
    if let joiner = thread.joiners.fields.first {
      thread.fields.isDetached = true
      endWait(of: joiner, in: thread.joiners, .satisfied)
    } else if thread.fields.isDetached {
      noteFinished(thread)
    }
  }

  /// Waits for a thread's end.
  ///
  /// When it is over with `.satisfied`, the thread's exit code can be read, and the caller reclaims it:
  /// nobody else can.
  ///
  /// - Parameters:
  ///   - thread: the thread to wait for.
  ///   - deadline: the tick at which to give up, 0 to only look, or `UInt64.max`.
  /// - Throws: `.joinsItself`, `.alreadyJoined`, `.detached`, `.reclaimed` or `.idleThread`.
  public mutating func join(
    _ thread: ThreadReference, until deadline: UInt64 = .max
  ) throws(SchedulingError) -> WaitOutcome {
    if thread.isIdle || current.isIdle { throw .idleThread }
    if thread == current { throw .joinsItself }
    if thread.fields.stateCode == .reclaimed { throw .reclaimed }
    if thread.fields.isDetached { throw .detached }
    if !thread.joiners.isEmpty { throw .alreadyJoined }
    if thread.fields.stateCode == .exited {
      thread.fields.isDetached = true
      return .satisfied
    }
    return block(on: thread.joiners, until: deadline)
  }

  /// Lets nobody join the thread: `takeFinished` gives it out when it has ended.
  ///
  /// - Throws: `.alreadyJoined` while somebody waits for its end, `.detached` if it is already, `.reclaimed` or
  ///   `.idleThread`.
  public mutating func detach(_ thread: ThreadReference) throws(SchedulingError) {
    if thread.isIdle { throw .idleThread }
    if thread.fields.stateCode == .reclaimed { throw .reclaimed }
    if thread.fields.isDetached { throw .detached }
    if !thread.joiners.isEmpty { throw .alreadyJoined }
    thread.fields.isDetached = true
    if thread.fields.stateCode == .exited { noteFinished(thread) }
  }

  /// Asks a thread to end: the wait it is in, and every later one, ends with `.cancelled`.
  ///
  /// One that never started ends at once, with exit code `UInt.max`; one that has ended is left alone.
  ///
  /// - Throws: `.idleThread` or `.reclaimed`.
  public mutating func kill(_ thread: ThreadReference) throws(SchedulingError) {
    if thread.isIdle { throw .idleThread }
    switch thread.fields.stateCode {
    case .reclaimed: throw .reclaimed
    case .exited: return
    case .created:
      trace.record(.exit, large: thread.fields.identifier)
      finish(thread, code: .max)
    case .ready, .waiting:
      thread.fields.cancellation.insert(.killed)
      cancelWaitIfDue(of: thread)
    }
  }

  /// Ends the wait that a thread is in, or else its next one, with `.cancelled`.
  ///
  /// - Throws: `.idleThread` or `.reclaimed`.
  public mutating func cancelWait(of thread: ThreadReference) throws(SchedulingError) {
    if thread.isIdle { throw .idleThread }
    if thread.fields.stateCode == .reclaimed { throw .reclaimed }
    thread.fields.cancellation.insert(.once)
    cancelWaitIfDue(of: thread)
  }

  /// Keeps the current thread's waits from being cancelled, while it cleans up for example, or lets them again.
  ///
  /// For the idle thread, whose waits all end that way, nothing changes.
  public mutating func maskCancellation(_ isMasked: Bool) {
    if current.isIdle { return }
    if isMasked {
      current.fields.cancellation.insert(.masked)
    } else {
      current.fields.cancellation.remove(.masked)
    }
  }

  private mutating func cancelWaitIfDue(of thread: ThreadReference) {
    // A thread that only waits to get its mutex back has its outcome already: that wait is not cancelled.
    guard thread.fields.stateCode == .waiting, thread.fields.outcomeCode == .blocked,
      thread.fields.cancellation.isDue
    else { return }
    thread.fields.cancellation.remove(.once)
    abortWait(of: thread, .cancelled)
  }
}
