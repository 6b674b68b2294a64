/// Timers of processes, which a thread of the kernel sees to.

import CMachine
import Clocks
import LinuxABI
import Processes
import ProgramRecords
import Runtime
import Scheduling
import Signals

extension Programs {
  /// Notes that a process has set a timer, or a limit of its time.
  @export(interface)
  public func noteTimer(_ process: ProcessReference) {
    let due = min(
      process.fields.realTimer.due, min(nextTimer(of: process), nextLook(at: process, uptime)))
    guard due < system.alarmDeadline else { return }
    system.alarmDeadline = due
    wakeAll(alarms)
  }

  /// Looks after the processor time of a process that has a limit of it, RLIMIT_CPU.
  @export(interface)
  public func limitTime(of process: ProcessReference) {
    let seconds = max(
      1,
      min(
        process.fields.limits.soft[ResourceLimit.processorTime],
        process.fields.limits.hard[ResourceLimit.processorTime]))
    let (limit, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    process.fields.processorLimit = overflow ? .max : limit
    noteTimer(process)
  }

  /// The processor time of a process, in nanoseconds.
  @export(interface)
  public func processorTime(of process: ProcessReference) -> UInt64 {
    var ticks = process.fields.endedTicks
    var next = process.fields.firstThread
    let now = cpu_rdtsc()
    while let thread = next {
      if let kernelThread = thread.fields.thread {
        ticks &+= kernelThread.runTicks(isCurrent: kernelThread == Threads.current, at: now)
      }
      next = thread.fields.next
    }
    return nanoseconds(ofTicks: ticks)
  }

  /// Whether a process has a timer or a limit by processor time.
  private func isTimed(_ process: ProcessReference) -> Bool {
    process.fields.virtualTimer.due != .max || process.fields.profilingTimer.due != .max
      || process.fields.processorLimit != .max
  }

  /// When a timer by processor time can be due at the earliest: there is one processor, so not before the clock has gone
  /// as far.
  private func nextLook(at process: ProcessReference, _ now: UInt64) -> UInt64 {
    guard isTimed(process) else { return .max }
    let used = processorTime(of: process)
    let timers = min(process.fields.virtualTimer.due, process.fields.profilingTimer.due)
    let due = min(timers, process.fields.processorLimit)
    // Not more often than every millisecond, and seldom while it does not run.
    return now + max(due > used ? due - used : 0, isWaiting(process) ? 10_000_000 : 1_000_000)
  }

  private func isWaiting(_ process: ProcessReference) -> Bool {
    var next = process.fields.firstThread
    while let thread = next {
      if let kernelThread = thread.fields.thread, kernelThread.state == .ready { return false }
      next = thread.fields.next
    }
    return true
  }

  /// Sends what timers and limits by processor time have come to.
  private func checkProcessorTime(of process: ProcessReference) {
    guard isTimed(process) else { return }
    let used = processorTime(of: process)
    let information = SignalInformation(code: SignalInformation.kernelCode)
    if process.fields.virtualTimer.expire(at: used) { send(.virtualAlarm, information, to: process) }
    if process.fields.profilingTimer.expire(at: used) { send(.profile, information, to: process) }
    guard process.fields.processorLimit <= used else { return }
    let (soft, hard) = (
      process.fields.limits.soft[ResourceLimit.processorTime],
      process.fields.limits.hard[ResourceLimit.processorTime]
    )
    if hard != .max, used / 1_000_000_000 >= hard {
      send(.kill, information, to: process)
      process.fields.processorLimit = .max
    } else if soft != .max {
      // Once a second until it ends.
      send(.processorLimit, information, to: process)
      process.fields.processorLimit = used + 1_000_000_000
    }
  }

  /// Starts the thread that sees to timers.
  @export(interface)
  public static func startTimers() throws(ThreadError) {
    try Threads.create(ThreadName("alarms"), level: PriorityLevel(truncating: 20), isDetached: true) { _ in
      Programs().runTimers()
    }
  }

  private func runTimers() -> UInt {
    let reference = NodeReference()
    while true {
      cpu_cli()
      let now = uptime
      var next = UInt64.max
      let programs = self
      system.processes.forEachProcess { _, payload in
        guard let process = ProcessReference(payload: payload) else { return }
        if process.fields.realTimer.expire(at: now) {
          programs.send(.alarm, SignalInformation(code: SignalInformation.kernelCode), to: process)
        }
        programs.expireTimers(of: process, at: now)
        programs.checkProcessorTime(of: process)
        next = min(next, min(process.fields.realTimer.due, programs.nextLook(at: process, now)))
        next = min(next, programs.nextTimer(of: process))
      }
      // A program may want a timer every microsecond: others want to run, too.
      next = next == .max ? next : max(next, now + 50_000)
      system.alarmDeadline = next
      let tick = tick(atUptime: next)
      if reference.node.threads.scheduler.block(on: alarms, until: tick) == .blocked {
        _ = reference.node.threads.waitForOutcome(isTimed: tick != .max)
      }
      cpu_sti()
    }
  }
}
