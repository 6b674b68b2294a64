/// What the timer's interrupt does, and when it is set.

import Arch
import Base
import CMachine
import Scheduling
import Trace

extension ThreadSystem {
  /// Sets the timer for the end of a slice: the current thread shares its level.
  @inline(never)
  mutating func startSlices() {
    let now = cpu_rdtsc()
    timer.isSliceArmed = true
    timer.sliceStart = now
    if timer.sliceEnd < timer.armed { timer.arm(timer.sliceEnd, now: now) }
  }

  /// Sets the timer for the first deadline, if it is not set for an earlier moment.
  @inline(__always)
  mutating func armForDeadline() {
    let next = scheduler.nextDeadline
    if next < (timer.isSliceArmed ? timer.sliceEnd : timer.armed) { timer.arm(next, now: cpu_rdtsc()) }
  }

  /// An interrupt of the timer.
  ///
  /// Interrupts were on, so no switch was due.
  @inline(__always)
  mutating func timerInterrupt() {
    let now = cpu_rdtsc()
    if !scheduler.hasDeadline(within: timer.sliceTicks, of: now) {
      // No deadline is near: set the timer for the end of the next slice, and give way.
      timer.sliceStart = now
      LocalInterruptController.interrupt(afterCount: timer.sliceCount)
      // Whoever shares a level has a slice, so there is no need to ask whether this is the end of one.
      if let handover = scheduler.yield() {
        perform(handover, at: now)
        return
      }
    }
    deadlineInterrupt(at: now)
  }

  /// Any other interrupt of the timer, whatever it was set for.
  @inline(__always)
  mutating func deadlineInterrupt(at now: UInt64) {
    timer.interruptCount &+= 1
    scheduler.expire(at: now)
    if timer.isSliceArmed, now >= timer.sliceEnd {
      scheduler.tick()
      timer.isSliceArmed = false
    }
    guard let handover = scheduler.reschedule() else {
      setAgain(now)
      return
    }
    setAgain(now)
    perform(handover, at: now)
  }

  /// Sets the timer for whatever is next, after it has interrupted.
  @inline(__always)
  private mutating func setAgain(_ now: UInt64) {
    if !scheduler.hasDeadlines && !scheduler.isSliceLimited {
      timer.isSliceArmed = false
      timer.rest()
    } else {
      setForNext(now)
    }
  }

  @inline(never)
  private mutating func setForNext(_ now: UInt64) {
    if !scheduler.isSliceLimited {
      timer.isSliceArmed = false
    } else if !timer.isSliceArmed {
      timer.isSliceArmed = true
      timer.sliceStart = now
    }
    timer.arm(min(scheduler.nextDeadline, timer.isSliceArmed ? timer.sliceEnd : .max), now: now)
  }
}

/// Called by timer_interrupt_entry of Kernel/Arch/*/Interrupts.asm with interrupts off and registers saved.
@c(timer_interrupt)
func timerInterrupt() {
  LocalInterruptController.endInterrupt()
  NodeReference().node.threads.timerInterrupt()
}
