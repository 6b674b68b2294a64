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

  /// The end of a slice, as it mostly is: no deadline is near, and the next thread of the level needs but its stack.
  ///
  /// Interrupts were on, so no switch was due. Everything is asked before anything is done, and nothing is called: so
  /// the compiler needs no frame for it.
  ///
  /// - Returns: what is left to do, when the thread runs again.
  @inline(__always)
  mutating func endSlice() -> TimerDuty {
    let now = cpu_rdtsc()
    if scheduler.hasDeadline(within: timer.sliceTicks, of: now) { return .deadline }
    let next = scheduler.nextOfLevel
    guard next != scheduler.current, isPlain(next) else { return .slice }
    timer.sliceStart = now
    LocalInterruptController.interrupt(afterCount: timer.sliceCount)
    let handover = scheduler.yield(to: next)
    handover.account(at: now)
    cpu_switch_stack(handover.from.address, handover.to.address)
    return .nothing
  }

  /// An interrupt of the timer that `endSlice` has left alone, as it leaves all while the trace is on.
  @inline(__always)
  mutating func timerInterrupt() {
    if _slowPath(scheduler.trace.isOn) {
      tracedTimerInterrupt()
      return
    }
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
    deadlineInterrupt(at: now)
  }

  /// An interrupt of the timer with a deadline near, so that there is no short way to end a slice.
  @inline(__always)
  mutating func nearDeadlineInterrupt() {
    if _slowPath(scheduler.trace.isOn) {
      tracedTimerInterrupt()
      return
    }
    deadlineInterrupt(at: cpu_rdtsc())
  }

  /// The same, recorded.
  @inline(never)
  private mutating func tracedTimerInterrupt() {
    let now = cpu_rdtsc()
    let vector = LocalInterruptController.timerVector
    if !scheduler.hasDeadline(within: timer.sliceTicks, of: now) {
      timer.sliceStart = now
      LocalInterruptController.interrupt(afterCount: timer.sliceCount)
      if let handover = scheduler.yield() {
        scheduler.trace.record(.interruptBegin, small: UInt16(vector), at: now)
        scheduler.trace.record(.timer, small: 1, large: UInt32(clamping: timer.sliceTicks))
        scheduler.trace.record(.interruptEnd, small: UInt16(vector))
        perform(handover, .slice)
        return
      }
    }
    deadlineInterrupt(at: now, traced: vector)
  }

  /// Any other interrupt of the timer, whatever it was set for.
  ///
  /// - Parameters:
  ///   - now: the tick counter.
  ///   - vector: how it came, if the trace is on.
  @inline(__always)
  mutating func deadlineInterrupt(at now: UInt64, traced vector: UInt8? = nil) {
    if let vector { scheduler.trace.record(.interruptBegin, small: UInt16(vector), at: now) }
    timer.interruptCount &+= 1
    scheduler.expire(at: now)
    if timer.isSliceArmed, now >= timer.sliceEnd {
      scheduler.tick()
      timer.isSliceArmed = false
    }
    guard let handover = scheduler.reschedule() else {
      setAgain(now)
      if let vector { scheduler.trace.record(.interruptEnd, small: UInt16(vector)) }
      return
    }
    setAgain(now)
    if let vector {
      scheduler.trace.record(.interruptEnd, small: UInt16(vector))
      // Later than all that was recorded meanwhile.
      perform(handover)
    } else {
      perform(handover, at: now)
    }
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
    arm(min(scheduler.nextDeadline, timer.isSliceArmed ? timer.sliceEnd : .max), now: now)
  }
}

/// Called by timer_interrupt_entry of Kernel/Machine/Arch/*/Interrupts.asm with interrupts off and registers saved.
@c(timer_interrupt)
func timerInterrupt() {
  LocalInterruptController.endInterrupt()
  // What is done last is made a jump by the compiler.
  switch NodeReference().node.threads.endSlice() {
  case .nothing: return
  case .deadline: deadlineTimerInterrupt()
  case .slice: otherTimerInterrupt()
  }
}

/// What the short way leaves to do.
enum TimerDuty {
  /// Nothing.
  case nothing
  /// A deadline is near.
  case deadline
  /// None is, but it is not the usual end of a slice.
  case slice
}

@inline(never) @c(deadline_timer_interrupt)
func deadlineTimerInterrupt() { NodeReference().node.threads.nearDeadlineInterrupt() }

@inline(never) @c(other_timer_interrupt)
func otherTimerInterrupt() { NodeReference().node.threads.timerInterrupt() }
