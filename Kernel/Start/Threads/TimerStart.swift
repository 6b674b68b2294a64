/// How the timer comes into use: find one, measure it.

import ABI
import Arch
import Base
import CMachine
import CommandLine
import FloatingPoint
import Log
import Paging
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
  if mapLocalController() {
    LocalInterruptController.start(takesLegacyInterrupts: reference.node.identity.ownsDevices)
    let counts = measureLocalTimer()
    reference.node.threads.timer.start(.local, rate: rate, countsPerTick: counts)
    log(.info, "threads", "timer: local APIC, \((counts * 1_000) >> 24) counts in 1000 ticks")
  } else {
    let counts = UInt64(IntervalTimer.frequency) << 24 / rate.ticksPerSecond
    reference.node.threads.timer.start(.interval, rate: rate, countsPerTick: counts)
    log(.info, "threads", "timer: interval timer, because there is no local APIC")
  }
}

/// Whether there is a local controller and its registers are mapped.
private func mapLocalController() -> Bool {
  guard let address = LocalInterruptController.find(), let tables = NodeReference().node.tables else {
    return false
  }
  let frame = FrameNumber(UInt32(truncatingIfNeeded: address.rawValue >> UInt64(pageShift)))
  var memory = NodeTableMemory()
  do {
    try tables.map(
      frame, at: LocalInterruptController.window, PageAttributes(.readWrite, caching: .uncached), in: &memory)
    return true
  } catch {
    log(.warning, "threads", "the local APIC at \(address) could not be mapped")
    return false
  }
}

/// The timer's counts in a tick of the time stamp counter, with 24 bits behind the point.
///
/// Measured over 2^16 ticks. The reading at each end takes a few ticks; if the processor stood still during one of
/// them the measurement is taken again.
private func measureLocalTimer() -> UInt64 {
  var countsPerTick: UInt64 = 1
  for _ in 0..<10 {
    LocalInterruptController.interrupt(afterCount: .max)
    let beforeFirst = cpu_rdtsc()
    let first = LocalInterruptController.remainingCount
    let start = cpu_rdtsc()
    var now = start
    while now &- start < 1 << 16 { now = cpu_rdtsc() }
    let last = LocalInterruptController.remainingCount
    let end = cpu_rdtsc()
    countsPerTick = max(1, UInt64(first &- last) << 24 / (now &- start))
    if max(start &- beforeFirst, end &- now) < (now &- start) / 64 { break }
  }
  LocalInterruptController.interrupt(afterCount: 0)
  return countsPerTick
}
