/// Behaviours of interrupts and timers: what nobody asked for, what comes too often, and how exact time is.

import ABI
import Arch
import Base
import CMachine
import Core
import Interrupts
import Log
import Provocations
import Runtime
import Scheduling

/// Does what is asked for with interrupts.
///
/// Returns whether it was asked for.
func runInterrupts() -> Bool {
  if isAskedFor("spurious") {
    start(ThreadName("spurious"), spurious)
  } else if isAskedFor("storm") {
    start(ThreadName("storm"), storm)
  } else if isAskedFor("timer-storm") {
    start(ThreadName("storm"), timerStorm)
  } else if isAskedFor("timer-accuracy") {
    start(ThreadName("accuracy"), accuracy)
  } else {
    return false
  }
  Threads.idle()
}

/// A sleep ends, so time goes on and interrupts still come.
private func expectTime() {
  guard (try? Threads.sleep(nanoseconds: 1_000_000)) == .timedOut else { fail("time stands still") }
}

/// Interrupts that nobody has asked for are counted and do no harm: lines 7 and 15, where the 8259 put what was gone
/// when the processor asked, and the local APIC's own.
private func spurious(_: UInt) -> UInt {
  let reference = NodeReference()
  let before = reference.node.interrupts.spurious
  for _ in 0..<100 {
    provoke_software_interrupt(0x27)
    provoke_software_interrupt(0x2F)
    provoke_software_interrupt(0xFF)
    expectTime()
  }
  let count = reference.node.interrupts.spurious - before
  guard count == 300 else { fail("\(count) of 300 were counted as spurious") }
  let taken = reference.node.interrupts.total(ofLine: 7) + reference.node.interrupts.total(ofLine: 15)
  guard taken == 0 else { fail("\(taken) were taken for genuine") }
  pass("300 spurious interrupts counted")
}

/// A line that raises interrupts without end is masked, stays so whoever unmasks it, and can be released.
private func storm(_: UInt) -> UInt {
  let reference = NodeReference()
  let line = Int(SerialPort.interruptLine)
  // The serial port talks to itself, and asks for the next byte as soon as one is sent.
  let (data, enable, modem): (UInt16, UInt16, UInt16) = (0x3F8, 0x3F9, 0x3FC)
  SerialPort.drain()
  cpu_out8(modem, 0x1B)
  cpu_cli()
  guard reference.node.lines.unmask(SerialPort.interruptLine) else { fail("no controller has the line") }
  cpu_out8(enable, 0x02)
  cpu_sti()
  for _ in 0..<5_000 { cpu_out8(data, 0) }
  let total = reference.node.interrupts.total(ofLine: line)
  cpu_cli()
  let isRefused = !reference.node.lines.unmask(SerialPort.interruptLine)
  cpu_sti()
  for _ in 0..<100 { cpu_out8(data, 0) }
  let after = reference.node.interrupts.total(ofLine: line)
  expectTime()
  cpu_cli()
  reference.node.lines.release(SerialPort.interruptLine)
  reference.node.lines.unmask(SerialPort.interruptLine)
  cpu_sti()
  cpu_out8(data, 0)
  let released = reference.node.interrupts.total(ofLine: line)
  cpu_out8(enable, 0)
  cpu_out8(modem, 0x0B)
  guard total == InterruptCounts.mostInWindow + 1 else { fail("\(total) interrupts came through") }
  guard isRefused, after == total else { fail("a masked line was unmasked") }
  guard released > after else { fail("a released line stays silent") }
  pass("\(total) interrupts, then silence")
}

/// The interval timer raises interrupts without end: it is stopped, reported, and set again.
private func timerStorm(_: UInt) -> UInt {
  let reference = NodeReference()
  cpu_cli()
  cpu_out8(0x43, 0x34)  // channel 0, low then high byte, mode 2: a pulse every four counts
  cpu_out8(0x40, 4)
  cpu_out8(0x40, 0)
  reference.node.lines.unmask(IntervalTimer.interruptLine)
  cpu_sti()
  let end = cpu_rdtsc() + 20 * reference.node.clock.ticksPerMillisecond
  while cpu_rdtsc() < end {}
  let total = reference.node.interrupts.total(ofLine: Int(IntervalTimer.interruptLine))
  guard total >= InterruptCounts.mostInWindow, total <= InterruptCounts.mostInWindow + 10 else {
    fail("\(total) interrupts came through")
  }
  for _ in 0..<20 { expectTime() }
  pass("time goes on after \(total) interrupts")
}

/// A sleep ends neither early nor later than the timer can, with as many interrupts as are needed and no more.
///
/// Counted in executed instructions, so every run gives the same numbers.
private func accuracy(_: UInt) -> UInt {
  let reference = NodeReference()
  // Any way from the interrupt to the thread, in ticks.
  let way: UInt64 = 2_000
  let millisecond = reference.node.clock.ticksPerMillisecond
  let source = reference.node.threads.timer.source
  // A count of the interval timer; a period.
  let granularity: UInt64
  switch source {
  case .interval: granularity = 2 * millisecond * 1_000 / UInt64(IntervalTimer.frequency) + 1
  case .localPeriodic: granularity = reference.node.threads.timer.sliceTicks
  default: granularity = 0
  }
  var worst: UInt64 = 0
  let start = cpu_rdtsc()
  let before = reference.node.threads.timer.interruptCount
  for index in 1...100 as ClosedRange<UInt64> {
    let deadline = Threads.deadline(index * 37_000)
    guard (try? Threads.sleep(until: deadline)) == .timedOut else { fail("a sleep was cut short") }
    let now = cpu_rdtsc()
    guard now >= deadline else { fail("a sleep ended \(deadline - now) ticks early") }
    worst = max(worst, now - deadline)
  }
  let short = reference.node.threads.timer.interruptCount - before
  _ = try? Threads.sleep(nanoseconds: 1_000_000_000)
  let long = reference.node.threads.timer.interruptCount - before - short
  let span = cpu_rdtsc() - start
  guard worst <= granularity + way else { fail("a sleep ended \(worst) ticks late") }
  let isRight: Bool
  switch source {
  case .local: isRight = short == 100 && long == 1
  // The interval timer counts to 65,535, which takes 54.9 ms: nineteen times in a second.
  case .interval: isRight = short == 100 && long == 19
  default:
    let periods = span / granularity
    isRight = short + long >= periods - 2 && short + long <= periods + 1
  }
  guard isRight else { fail("\(short) interrupts for 100 sleeps, \(long) for a second") }
  pass("100 sleeps, at most \(worst) ticks late, \(short) interrupts; \(long) in a second")
}
