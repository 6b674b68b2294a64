/// How the timer comes into use: find one, measure it.

import ABI
import Arch
import Base
import CMachine
import CommandLine
import FloatingPoint
import Interrupts
import Log
import Paging
import Runtime
import Scheduling

/// Takes the best timer there is into use, and the method of switching that the command line asks for.
func startThreads() {
  let reference = NodeReference()
  #if arch(i386)
    reference.node.threads.switchesByHardware = reference.node.options.switchMethod == .hardware
  #else
    if reference.node.options.switchMethod == .hardware {
      log(.error, "threads", "switch=hardware: x86_64 has no hardware task switch; use switch=software")
      endRun(.failed, status: 1)
    }
  #endif
  reference.node.threads.scheduler.idle.fields.space = cpu_read_cr3()
  reference.node.threads.floatingPoint.start(
    reference.node.options.switchesFloatingPointEagerly ? .eager : .lazy)
  guard let rate = ClockRate(ticksPerSecond: reference.node.clock.ticksPerMillisecond * 1_000) else {
    panic("the time stamp counter runs at \(reference.node.clock.ticksPerMillisecond) ticks a millisecond")
  }
  startTimer(rate)
}

/// Takes the timer into use that the command line asks for, or the best there is.
private func startTimer(_ rate: ClockRate) {
  let reference = NodeReference()
  // The interval timer is the first node's.
  var choice = reference.node.options.timer
  if choice == .interval, !reference.node.identity.ownsDevices { choice = .best }
  guard reference.node.lines.hasLocalController, choice != .interval else {
    if choice == .oneShot || choice == .periodic {
      log(.error, "threads", "timer=: there is no local APIC; use timer=interval")
      endRun(.failed, status: 1)
    }
    let scale = CountScale(counts: UInt64(IntervalTimer.frequency), ticks: rate.ticksPerSecond)
    reference.node.threads.timer.start(.interval, rate: rate, scale: scale)
    log(.info, "threads", "timer: interval timer")
    return
  }
  let scale = measureLocalTimer()
  let source: DeadlineTimer.Source = choice == .periodic ? .localPeriodic : .local
  reference.node.threads.timer.start(source, rate: rate, scale: scale)
  log(.info, "threads", "timer: \(source.name), \(scale.countsInThousandTicks) counts in 1000 ticks")
}

/// The local timer's counts in ticks of the time stamp counter.
///
/// Measured over 2^16 ticks. The reading at each end takes a few ticks; if the processor stood still during one of
/// them the measurement is taken again.
private func measureLocalTimer() -> CountScale {
  var scale = CountScale(counts: 1, ticks: 1)
  for _ in 0..<10 {
    LocalInterruptController.interrupt(afterCount: .max)
    let beforeFirst = cpu_rdtsc()
    let first = LocalInterruptController.remainingCount
    let start = cpu_rdtsc()
    var now = start
    while now &- start < 1 << 16 { now = cpu_rdtsc() }
    let last = LocalInterruptController.remainingCount
    let end = cpu_rdtsc()
    scale = CountScale(counts: UInt64(first &- last), ticks: now &- start)
    if max(start &- beforeFirst, end &- now) < (now &- start) / 64 { break }
  }
  LocalInterruptController.interrupt(afterCount: 0)
  return scale
}
