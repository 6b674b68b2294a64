/// Timers of processes, which a thread of the kernel sees to.

import Arch
import Base
import CMachine
import Clocks
import LinuxABI
import Processes
import Runtime
import Scheduling
import Signals

extension Programs {
  /// Notes that a process has set its timer.
  public func noteTimer(_ process: ProcessReference) {
    guard process.fields.realTimer.due < system.alarmDeadline else { return }
    system.alarmDeadline = process.fields.realTimer.due
    wakeAll(alarms)
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
        next = min(next, process.fields.realTimer.due)
      }
      system.alarmDeadline = next
      let tick = tick(atUptime: next)
      if reference.node.threads.scheduler.block(on: alarms, until: tick) == .blocked {
        _ = reference.node.threads.waitForOutcome(isTimed: tick != .max)
      }
      cpu_sti()
    }
  }
}
