/// The objects of `Sync` as threads use them: with interrupts off, switching, and the timer set for time-outs.
///
/// A time-out in nanoseconds is `nil` for a wait without a limit and 0 for a mere try. Every function here is for
/// threads with interrupts on, and leaves them on.

import Arch
import Base
import CMachine
import Scheduling
import Sync
import Trace

extension ThreadSystem {
  /// Performs an operation that may wait: lets others run until the wait is over, and says how it ended.
  ///
  /// - Parameters:
  ///   - nanoseconds: when to give up.
  ///   - wakesOthers: whether the operation may have made other threads ready without waiting itself.
  ///   - begin: the operation; it gets the tick at which to give up.
  @inline(always)
  public static func wait<Failure: Error>(
    _ nanoseconds: UInt64?, wakesOthers: Bool = false,
    _ begin: (inout Scheduler, UInt64) throws(Failure) -> WaitOutcome
  ) throws(Failure) -> WaitOutcome {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    let outcome = try begin(&reference.node.threads.scheduler, Threads.deadline(nanoseconds))
    if outcome == .blocked { return reference.node.threads.waitForOutcome(isTimed: nanoseconds != nil) }
    if wakesOthers { reference.node.threads.settle() }
    return outcome
  }

  /// Performs an operation that may end waits, and lets a more urgent thread run at once.
  ///
  /// - Parameter change: the operation; it says whether another thread should run now.
  @inline(always)
  public static func wake<Failure: Error>(_ change: (inout Scheduler) throws(Failure) -> Bool) throws(Failure)
  {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    if try change(&reference.node.threads.scheduler) {
      reference.node.threads.settle()
    } else {
      reference.node.threads.noteSharing()
    }
  }
}

extension Semaphore {
  /// Takes a unit, or waits for one.
  @inline(always) @discardableResult
  public func wait(nanoseconds: UInt64? = nil) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds) { scheduler, limit throws(SyncError) in
      try wait(in: &scheduler, until: limit)
    }
  }

  /// Gives a unit; a more urgent thread that waited for it runs at once.
  @inline(always)
  public func signal() throws(SyncError) {
    try ThreadSystem.wake { scheduler throws(SyncError) in try signal(in: &scheduler) }
  }
}

extension Mutex {
  /// Locks the mutex, or waits until it can be locked.
  @inline(always) @discardableResult
  public func lock(nanoseconds: UInt64? = nil) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds) { scheduler, limit throws(SyncError) in
      try lock(in: &scheduler, until: limit)
    }
  }

  /// Unlocks the mutex.
  @inline(always)
  public func unlock() throws(SyncError) {
    try ThreadSystem.wake { scheduler throws(SyncError) in try unlock(in: &scheduler) }
  }
}

extension Condition {
  /// Unlocks the mutex and waits for a signal; the mutex is locked again afterwards, but for `.deadlock`.
  @discardableResult
  public func wait(with mutex: Mutex, nanoseconds: UInt64? = nil) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds) { scheduler, limit throws(SyncError) in
      try wait(with: mutex, in: &scheduler, until: limit)
    }
  }

  /// Ends the wait of the first thread, if any waits.
  public func signal() throws(SyncError) {
    try ThreadSystem.wake { scheduler throws(SyncError) in try signal(in: &scheduler) }
  }

  /// Ends the waits of all threads.
  public func broadcast() throws(SyncError) {
    try ThreadSystem.wake { scheduler throws(SyncError) in try broadcast(in: &scheduler) }
  }
}

extension Event {
  /// Passes if the event is set, or waits for that.
  @discardableResult
  public func wait(nanoseconds: UInt64? = nil) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds) { scheduler, limit throws(SyncError) in
      try wait(in: &scheduler, until: limit)
    }
  }

  /// Sets the event.
  public func set() throws(SyncError) {
    try ThreadSystem.wake { scheduler throws(SyncError) in try set(in: &scheduler) }
  }
}

extension Barrier {
  /// Arrives, and waits for the others; the last to arrive lets all pass.
  @discardableResult
  public func wait(nanoseconds: UInt64? = nil) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds, wakesOthers: true) { scheduler, limit throws(SyncError) in
      try wait(in: &scheduler, until: limit)
    }
  }
}

extension MessageQueue {
  /// Sends a message, or waits for room.
  ///
  /// - Safety: see `send(_:in:until:)`.
  @unsafe @inline(always) @discardableResult
  public func send(
    _ message: UnsafePointer<UInt>, nanoseconds: UInt64? = nil
  ) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds, wakesOthers: true) { scheduler, limit throws(SyncError) in
      // SAFETY: the caller promises the message.
      try unsafe send(message, in: &scheduler, until: limit)
    }
  }

  /// Receives the oldest message, or waits for one.
  ///
  /// - Safety: see `receive(into:in:until:)`.
  @unsafe @inline(always) @discardableResult
  public func receive(
    into place: UnsafeMutablePointer<UInt>, nanoseconds: UInt64? = nil
  ) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds, wakesOthers: true) { scheduler, limit throws(SyncError) in
      // SAFETY: the caller promises the place.
      try unsafe receive(into: place, in: &scheduler, until: limit)
    }
  }
}

extension CallPort {
  /// Calls, and waits for the reply, which takes the message's place.
  ///
  /// - Safety: see `call(_:in:until:)`.
  @unsafe @inline(always) @discardableResult
  public func call(
    _ message: UnsafeMutablePointer<UInt>, nanoseconds: UInt64? = nil
  ) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds) { scheduler, limit throws(SyncError) in
      // SAFETY: the caller promises the message.
      try unsafe call(message, in: &scheduler, until: limit)
    }
  }

  /// Receives the next call, or waits for one.
  ///
  /// - Safety: see `receive(into:in:until:)`.
  @unsafe @inline(always) @discardableResult
  public func receive(
    into buffer: UnsafeMutablePointer<UInt>, nanoseconds: UInt64? = nil
  ) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds, wakesOthers: true) { scheduler, limit throws(SyncError) in
      // SAFETY: the caller promises the buffer.
      try unsafe receive(into: buffer, in: &scheduler, until: limit)
    }
  }

  /// Answers the last call, and receives the next one or waits for it.
  ///
  /// - Safety: see `reply(_:receivingInto:in:until:)`.
  @unsafe @inline(always) @discardableResult
  public func reply(
    _ reply: UnsafePointer<UInt>, receivingInto buffer: UnsafeMutablePointer<UInt>,
    nanoseconds: UInt64? = nil
  ) throws(SyncError) -> WaitOutcome {
    try ThreadSystem.wait(nanoseconds, wakesOthers: true) { scheduler, limit throws(SyncError) in
      // SAFETY: the caller promises both.
      try unsafe self.reply(reply, receivingInto: buffer, in: &scheduler, until: limit)
    }
  }

  /// Ends the port's life; whoever waits is cancelled.
  public func close() throws(SyncError) {
    try ThreadSystem.wake { scheduler throws(SyncError) in
      try close(in: &scheduler)
      return scheduler.isSwitchDue()
    }
  }
}
