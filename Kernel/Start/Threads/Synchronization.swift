/// The objects of `Sync` as threads use them: with interrupts off, switching, and the timer set for time-outs.
///
/// A time-out in nanoseconds is `nil` for a wait without a limit and 0 for a mere try.

import Arch
import Base
import CMachine
import Scheduling
import Sync
import Trace

extension ThreadSystem {
  /// Ends an operation that may have begun a wait.
  @inline(__always)
  mutating func finish(_ outcome: WaitOutcome, isTimed: Bool) -> WaitOutcome {
    outcome == .blocked ? waitForOutcome(isTimed: isTimed) : outcome
  }
}

extension Semaphore {
  /// Takes a unit, or waits for one.
  @inline(__always) @discardableResult
  public func wait(nanoseconds: UInt64? = nil) throws(SyncError) -> WaitOutcome {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    let outcome = try wait(in: &reference.node.threads.scheduler, until: Threads.deadline(nanoseconds))
    return reference.node.threads.finish(outcome, isTimed: nanoseconds != nil)
  }

  /// Gives a unit; a more urgent thread that waited for it runs at once.
  @inline(__always)
  public func signal() throws(SyncError) {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    if try signal(in: &reference.node.threads.scheduler) {
      reference.node.threads.settle()
    } else {
      reference.node.threads.noteSharing()
    }
  }
}

extension Mutex {
  /// Locks the mutex, or waits until it can be locked.
  @inline(__always) @discardableResult
  public func lock(nanoseconds: UInt64? = nil) throws(SyncError) -> WaitOutcome {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    let outcome = try lock(in: &reference.node.threads.scheduler, until: Threads.deadline(nanoseconds))
    return reference.node.threads.finish(outcome, isTimed: nanoseconds != nil)
  }

  /// Unlocks the mutex.
  @inline(__always)
  public func unlock() throws(SyncError) {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    _ = try unlock(in: &reference.node.threads.scheduler)
    reference.node.threads.settle()
  }
}

extension Event {
  /// Passes if the event is set, or waits for that.
  @discardableResult
  public func wait(nanoseconds: UInt64? = nil) throws(SyncError) -> WaitOutcome {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    let outcome = try wait(in: &reference.node.threads.scheduler, until: Threads.deadline(nanoseconds))
    return reference.node.threads.finish(outcome, isTimed: nanoseconds != nil)
  }

  /// Sets the event.
  public func set() throws(SyncError) {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    _ = try set(in: &reference.node.threads.scheduler)
    reference.node.threads.settle()
  }
}

extension MessageQueue {
  /// Sends a message, or waits for room.
  ///
  /// - Safety: see `send(_:in:until:)`.
  @unsafe @inline(__always) @discardableResult
  public func send(_ message: UnsafePointer<UInt>, nanoseconds: UInt64? = nil) throws(SyncError)
    -> WaitOutcome
  {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    // SAFETY: the caller promises the message.
    let outcome = try unsafe send(
      message, in: &reference.node.threads.scheduler, until: Threads.deadline(nanoseconds))
    if outcome == .blocked { return reference.node.threads.waitForOutcome(isTimed: nanoseconds != nil) }
    reference.node.threads.settle()
    return outcome
  }

  /// Receives the oldest message, or waits for one.
  ///
  /// - Safety: see `receive(into:in:until:)`.
  @unsafe @inline(__always) @discardableResult
  public func receive(
    into place: UnsafeMutablePointer<UInt>, nanoseconds: UInt64? = nil
  ) throws(SyncError) -> WaitOutcome {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    // SAFETY: the caller promises the place.
    let outcome = try unsafe receive(
      into: place, in: &reference.node.threads.scheduler, until: Threads.deadline(nanoseconds))
    if outcome == .blocked { return reference.node.threads.waitForOutcome(isTimed: nanoseconds != nil) }
    reference.node.threads.settle()
    return outcome
  }
}
