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

  /// The end of a slice when no deadline is near: set the timer for the next one, and give way.
  ///
  /// Interrupts were on, so no switch was due: the next thread of this level is the one to run.
  @inline(__always)
  mutating func timerInterrupt() {
    let now = cpu_rdtsc()
    if !scheduler.hasDeadline(within: timer.sliceTicks, of: now) {
      timer.sliceStart = now
      LocalInterruptController.interrupt(afterCount: timer.sliceCount)
      // Whoever shares a level has a slice, so there is no need to ask whether this is the end of one.
      if let handover = scheduler.yield() {
        perform(handover, at: now)
        return
      }
    }
    deadlineInterrupt()
  }

  /// Any other interrupt of the timer, whatever it was set for.
  @inline(never)
  mutating func deadlineInterrupt() {
    let now = cpu_rdtsc()
    timer.interruptCount &+= 1
    scheduler.expire(at: now)
    if timer.isSliceArmed, now >= timer.sliceEnd {
      scheduler.tick()
      timer.isSliceArmed = false
    }
    let handover = scheduler.reschedule()
    if scheduler.isSliceLimited {
      if !timer.isSliceArmed { timer.sliceStart = now }
      timer.isSliceArmed = true
    } else {
      timer.isSliceArmed = false
    }
    timer.arm(min(scheduler.nextDeadline, timer.isSliceArmed ? timer.sliceEnd : .max), now: now)
    if let handover { perform(handover, at: now) }
  }
}

/// Called by timer_interrupt_entry of Kernel/Arch/*/Interrupts.asm with interrupts off and registers saved.
@c(timer_interrupt)
func timerInterrupt() {
  LocalInterruptController.endInterrupt()
  NodeReference().node.threads.timerInterrupt()
}
