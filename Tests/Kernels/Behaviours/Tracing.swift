/// Behaviours of the trace.

import ABI
import Arch
import Base
import CMachine
import FrameAllocator
import Heap
import Log
import Runtime
import Scheduling
import Start
import Sync
import Trace

/// Does what is asked for with the trace.
///
/// Returns whether it was asked for.
func runTracing() -> Bool {
  if isAskedFor("trace") {
    start(ThreadName("main"), knownSequence)
  } else if isAskedFor("trace-slices") {
    start(ThreadName("main"), slices)
  } else if isAskedFor("trace-picture") {
    start(ThreadName("main"), picture)
  } else {
    return false
  }
  Threads.idle()
}

/// What an event must be, but for its time.
private struct Expected {
  var kind: TraceKind
  var small: UInt16
  /// `nil` if it may be anything.
  var large: UInt32?

  init(_ kind: TraceKind, _ small: UInt16 = 0, _ large: UInt32? = nil) {
    self.kind = kind
    self.small = small
    self.large = large
  }
}

private func mark(_ number: UInt32) {
  cpu_cli()
  NodeReference().node.threads.scheduler.trace.record(.mark, large: number)
  cpu_sti()
}

/// Compares the events from mark 1 on with what they should be; times must not fall.
private func compare(_ expected: Span<Expected>) {
  let reference = NodeReference()
  reference.node.threads.record(false)
  var age = 0
  while let event = reference.node.threads.scheduler.trace.event(age: age) {
    if event.kind == .mark, event.large == 1 { break }
    age += 1
  }
  var last: UInt64 = 0
  for index in 0..<expected.count {
    guard age >= 0, let event = reference.node.threads.scheduler.trace.event(age: age) else {
      fail("event \(index) is missing")
    }
    let wanted = expected[index]
    if event.kind != wanted.kind || event.small != wanted.small || wanted.large ?? event.large != event.large
    {
      fail(
        "event \(index) is \(event.kindCode) \(event.small) \(event.large), not \(wanted.kind.rawValue) \(wanted.small) \(wanted.large ?? 0)"
      )
    }
    if event.time < last { fail("event \(index) is earlier than the one before") }
    last = event.time
    age -= 1
  }
}

private func knownSequence(_: UInt) -> UInt {
  let address = SyncObjects.make()
  let semaphore = unsafe SyncObjects.at(address).pointee.semaphore
  _ = try? semaphore.wait()
  let me = Threads.current.fields.identifier
  mark(1)
  let thread = urgent(address) { address in
    let objects = unsafe SyncObjects.at(address).pointee
    _ = try? objects.semaphore.wait()
    _ = try? objects.mutex.lock()
    try? objects.mutex.unlock()
    return 0
  }
  try? semaphore.signal()
  let other = thread.fields.identifier
  _ = try? Threads.join(thread)
  try? Threads.setLevel(of: Threads.current, to: PriorityLevel(truncating: 9))
  _ = try? Threads.sleep(nanoseconds: 1_000_000)
  mark(2)
  let turn = SwitchCause.turn.rawValue
  let wait = SwitchCause.wait.rawValue
  let vector = UInt16(LocalInterruptController.timerVector)
  let expected: InlineArray<23, Expected> = [
    Expected(.mark, 0, 1),
    // The other begins and waits for a unit.
    Expected(.create, 12, other), Expected(.wake, UInt16(WaitOutcome.satisfied.rawValue), other),
    Expected(.switching, turn, other), Expected(.waitBegin, UInt16(WaitReason.semaphore.rawValue)),
    Expected(.switching, wait, me),
    // It gets it, locks, unlocks and ends.
    Expected(.wake, UInt16(WaitOutcome.satisfied.rawValue), other), Expected(.switching, turn, other),
    Expected(.lock, UInt16(other)), Expected(.unlock, UInt16(other)), Expected(.exit, 0, other),
    Expected(.switching, wait, me),
    // The first changes its level and sleeps.
    Expected(.level, 9, me), Expected(.timer), Expected(.waitBegin, UInt16(WaitReason.sleep.rawValue), 0),
    Expected(.switching, wait, 0), Expected(.interruptBegin, vector),
    Expected(.wake, UInt16(WaitOutcome.timedOut.rawValue), me), Expected(.interruptEnd, vector),
    Expected(.switching, turn, me), Expected(.mark, 0, 2),
    Expected(.empty), Expected(.empty),
  ]
  compare(expected.span.extracting(0..<21))
  pass("the trace tells the known sequence of 21 events")
}

/// Two threads that never give way: the end of each slice is an interrupt, a new slice, and a switch.
private func slices(_: UInt) -> UInt {
  NodeReference().node.threads.timer.setSlice(ticks: 100_000)
  let me = Threads.current.fields.identifier
  mark(1)
  let busy = make(ThreadName("busy")) { _ in
    while true { cpu_compiler_barrier() }
  }
  let other = busy.fields.identifier
  while busy.fields.switchCount < 3 { cpu_compiler_barrier() }
  let vector = UInt16(LocalInterruptController.timerVector)
  let slice = SwitchCause.slice.rawValue
  let expected: InlineArray<12, Expected> = [
    Expected(.mark, 0, 1), Expected(.create, 10, other),
    Expected(.wake, UInt16(WaitOutcome.satisfied.rawValue), other), Expected(.timer, 1),
    Expected(.interruptBegin, vector), Expected(.timer, 1, 100_000), Expected(.interruptEnd, vector),
    Expected(.switching, slice, other), Expected(.interruptBegin, vector), Expected(.timer, 1, 100_000),
    Expected(.interruptEnd, vector), Expected(.switching, slice, me),
  ]
  compare(expected.span)
  pass("the trace tells of slices")
}

/// A scene for a picture: two workers share a level and a mutex that an urgent thread wants now and then.
private func picture(_: UInt) -> UInt {
  let address = SyncObjects.make()
  NodeReference().node.threads.timer.setSlice(ticks: 30_000)
  let work: ThreadBody = { address in
    let mutex = unsafe SyncObjects.at(address).pointee.mutex
    for _ in 0..<4 {
      _ = try? mutex.lock()
      spin(20_000)
      try? mutex.unlock()
      spin(15_000)
    }
    return 0
  }
  let first = make(ThreadName("worker a"), level: 8, argument: address, work)
  let second = make(ThreadName("worker b"), level: 8, argument: address, work)
  let urgent = make(ThreadName("urgent"), level: 20, argument: address) { address in
    let mutex = unsafe SyncObjects.at(address).pointee.mutex
    for _ in 0..<4 {
      _ = try? Threads.sleep(until: cpu_rdtsc() + 45_000)
      _ = try? mutex.lock()
      spin(6_000)
      try? mutex.unlock()
    }
    return 0
  }
  _ = try? Threads.join(first)
  _ = try? Threads.join(second)
  _ = try? Threads.join(urgent)
  _ = try? Threads.sleep(until: cpu_rdtsc() + 40_000)
  pass("three threads have run")
}

private func spin(_ ticks: UInt64) {
  let start = cpu_rdtsc()
  while cpu_rdtsc() &- start < ticks { cpu_compiler_barrier() }
}
