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
    if timer.sliceEnd < timer.armed { arm(timer.sliceEnd, now: now) }
  }

  /// Sets the timer for the first deadline, if it is not set for an earlier moment.
  @inline(__always)
  mutating func armForDeadline() {
    let next = scheduler.nextDeadline
    if next < (timer.isSliceArmed ? timer.sliceEnd : timer.armed) { arm(next, now: cpu_rdtsc()) }
  }

  /// Sets the timer, and records it.
  private mutating func arm(_ deadline: UInt64, now: UInt64) {
    timer.arm(deadline, now: now)
    if deadline == .max { return }
    let isSliceEnd = timer.isSliceArmed && deadline == timer.sliceEnd
    scheduler.trace.record(
      .timer, small: isSliceEnd ? 1 : 0, large: UInt32(clamping: deadline > now ? deadline - now : 0))
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
        perform(handover, .slice, at: now)
        return
      }
    }
    deadlineInterrupt(LocalInterruptController.timerVector)
  }

  /// Any other interrupt of the timer, whatever it was set for.
  ///
  /// - Parameter vector: how it came.
  @inline(never)
  mutating func deadlineInterrupt(_ vector: UInt8) {
    let now = cpu_rdtsc()
    scheduler.trace.record(.interruptBegin, small: UInt16(vector), at: now)
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
    arm(min(scheduler.nextDeadline, timer.isSliceArmed ? timer.sliceEnd : .max), now: now)
    scheduler.trace.record(.interruptEnd, small: UInt16(vector))
    if let handover { perform(handover) }
  }
}

/// Called by timer_interrupt_entry of Kernel/Arch/*/Interrupts.asm with interrupts off and registers saved.
@c(timer_interrupt)
func timerInterrupt() {
  LocalInterruptController.endInterrupt()
  NodeReference().node.threads.timerInterrupt()
}
