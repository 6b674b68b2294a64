/// Behaviours of threads.

import ABI
import Arch
import Base
import CMachine
import FrameAllocator
import Heap
import Log
import Provocations
import Runtime
import Scheduling
import Sync
import Trace

/// Does what is asked for with threads.
///
/// Returns whether it was asked for.
func runThreads() -> Bool {
  if isAskedFor("yield") {
    start(ThreadName("yield"), yieldPingPong)
  } else if isAskedFor("preempt") {
    start(ThreadName("preempt"), preempt)
  } else if isAskedFor("sleep") {
    start(ThreadName("sleep"), sleep)
  } else if isAskedFor("thread-resources") {
    start(ThreadName("resources"), manyThreads)
  } else if isAskedFor("thread-overflow") {
    start(ThreadName("deep"), overflow)
  } else if isAskedFor("thread-misuse") {
    start(ThreadName("misuse"), misuse)
  } else if isAskedFor("registers") {
    start(ThreadName("registers"), registers)
  } else if isAskedFor("highest-ready") {
    start(ThreadName("picks"), picks)
  } else if isAskedFor("soak") {
    start(ThreadName("soak"), soak)
  } else {
    return false
  }
  Threads.idle()
}

/// Runs a behaviour as a thread of a middle level.
func start(_ name: ThreadName, _ body: ThreadBody) {
  _ = make(name, level: 10, body)
}

/// Makes a thread, or ends the run.
func make(_ name: ThreadName, level: Int = 10, argument: UInt = 0, _ body: ThreadBody) -> ThreadReference {
  do {
    return try Threads.create(name, level: PriorityLevel(truncating: level), argument: argument, body)
  } catch {
    fail("no thread")
  }
}

/// Ends the run with a reason.
func fail(_ reason: Text) -> Never {
  log(.error, "test", reason)
  endRun(.failed, status: 1)
}

/// Ends the run well.
func pass(_ text: Text) -> Never {
  log(.info, "test", text)
  endRun(.passed, status: 0)
}

/// Two threads give way to each other; what a round trip costs.
private func yieldPingPong(_: UInt) -> UInt {
  let partner = make(ThreadName("partner")) { _ in
    for _ in 0..<1_010 { Threads.yield() }
    return 7
  }
  for _ in 0..<5 { Threads.yield() }
  let start = cpu_rdtsc()
  for _ in 0..<1_000 { Threads.yield() }
  let ticks = cpu_rdtsc() - start
  for _ in 0..<20 { Threads.yield() }
  guard let (outcome, code) = try? Threads.join(partner), outcome == .satisfied, code == 7 else {
    fail("join failed")
  }
  pass("1000 round trips of yield: \(ticks) ticks, \(ticks / 2_000) one way")
}

/// Two threads that never give way both get on.
private func preempt(_: UInt) -> UInt {
  NodeReference().node.threads.timer.setSlice(ticks: 100_000)
  let busy = make(ThreadName("busy")) { _ in
    while true { cpu_compiler_barrier() }
  }
  let start = cpu_rdtsc()
  var last = start
  var count = 0
  while count < 20 {
    let now = cpu_rdtsc()
    if now - last > 50_000 { count += 1 }
    last = now
  }
  pass("preempted \(count) times in \(last - start) ticks; busy ran \(busy.fields.switchCount) times")
}

/// A sleep ends neither early nor late.
private func sleep(_: UInt) -> UInt {
  var worst: UInt64 = 0
  for index in 1..<50 as Range<UInt64> {
    let deadline = Threads.deadline(index * 100_000)
    guard (try? Threads.sleep(until: deadline)) == .timedOut else { fail("a sleep was cut short") }
    let now = cpu_rdtsc()
    guard now >= deadline else { fail("a sleep ended \(deadline - now) ticks early") }
    worst = max(worst, now - deadline)
  }
  let interrupts = NodeReference().node.threads.timer.interruptCount
  pass("49 sleeps, at most \(worst) ticks late, \(interrupts) interrupts")
}

/// Ten thousand threads leave the memory as it was.
private func manyThreads(_: UInt) -> UInt {
  let reference = NodeReference()
  _ = try? Threads.join(make(ThreadName("first")) { _ in 0 })
  Threads.trim()
  let before = reference.node.frames.freeCount
  for index in 0..<10_000 as Range<UInt> {
    let thread = make(ThreadName("short"), argument: index) { $0 + 1 }
    guard let (_, code) = try? Threads.join(thread), code == index + 1 else {
      fail("thread \(index) was lost")
    }
  }
  Threads.trim()
  let after = reference.node.frames.freeCount
  guard before == after else { fail("\(before) frames were free, now \(after)") }
  pass("10000 threads, \(after) frames free as before")
}

private func overflow(_ depth: UInt) -> UInt { deeper(depth) }

@inline(never)
private func deeper(_ depth: UInt) -> UInt {
  // An end that is never reached, so that the compiler does not warn.
  guard depth < .max else { return 0 }
  var room: InlineArray<64, UInt> = .init(repeating: depth)
  room[Int(depth & 63)] = deeper(depth + 1)
  return room[Int((depth + 1) & 63)]
}

/// What the scheduler refuses.
private func misuse(_: UInt) -> UInt {
  var refusals = 0
  do { _ = try Threads.join(Threads.current) } catch { refusals += error == .joinsItself ? 1 : 0 }
  let other = make(ThreadName("other"), level: 3) { _ in 0 }
  do {
    try Threads.detach(other)
    _ = try Threads.join(other)
  } catch { refusals += error == .detached ? 1 : 0 }
  do { try Threads.kill(NodeReference().node.threads.scheduler.idle) } catch {
    refusals += error == .idleThread ? 1 : 0
  }
  guard refusals == 3 else { fail("only \(refusals) of 3 refused") }
  pass("3 refused by name")
}

/// Registers and flags survive a million preemptions.
private func registers(_: UInt) -> UInt {
  NodeReference().node.threads.timer.setSlice(ticks: 300)
  let body: ThreadBody = { seed in
    while provocation_hold_registers(seed, 500) == 0 {}
    fail("a register or a flag was lost")
  }
  let first = make(ThreadName("first"), argument: 0x1234_5678, body)
  let second = make(ThreadName("second"), argument: 0x7ABC_DEF0, body)
  while first.fields.switchCount &+ second.fields.switchCount < 1_000_000 {
    guard provocation_hold_registers(0x2222_3333, 500) == 0 else { fail("a register or a flag was lost") }
  }
  pass("three threads kept their registers and flags over 1000000 preemptions")
}

/// The pick of the next thread, as the scheduler does it everywhere: a test reads the instructions of this function.
@inline(never) @c(highest_ready)
func highestReady() -> UInt {
  NodeReference().node.threads.scheduler.isSwitchDue() ? 1 : 0
}

/// The pick tells when a more urgent thread is ready.
private func picks(_: UInt) -> UInt {
  let address = SyncObjects.make()
  let semaphore = unsafe SyncObjects.at(address).pointee.semaphore
  _ = try? semaphore.wait()
  let thread = urgent(address) { address in
    let semaphore = unsafe SyncObjects.at(address).pointee.semaphore
    _ = try? semaphore.wait()
    return 0
  }
  cpu_cli()
  let before = highestReady()
  // Made ready, and nobody has switched yet.
  _ = try? semaphore.signal(in: &NodeReference().node.threads.scheduler)
  let after = highestReady()
  NodeReference().node.threads.settle()
  cpu_sti()
  _ = try? Threads.join(thread)
  guard before == 0, after == 1 else { fail("the pick is wrong: \(before), \(after)") }
  pass("the pick is right")
}

/// An hour of sleeps, time slices and short threads, some with a floating-point state, leaves the memory as it was.
private func soak(_: UInt) -> UInt {
  let reference = NodeReference()
  let perSecond = reference.node.clock.ticksPerMillisecond * 1_000
  let withState: ThreadBody = { _ in
    try? Threads.resetFloatingPoint(of: Threads.current)
    provoke_floating_point()
    return 1
  }
  _ = try? Threads.join(make(ThreadName("first"), withState))
  Threads.trim()
  let before = reference.node.frames.freeCount
  let heap = reference.node.heap.statistics.bytesInUse
  // It runs when this thread sleeps, and shares the level of the short ones.
  let other = make(ThreadName("other")) { _ in
    while (try? Threads.sleep(nanoseconds: 97_000_000)) == .timedOut {}
    return 2
  }
  let end = cpu_rdtsc() + 3_600 * perSecond
  var sleeps: UInt64 = 0
  while cpu_rdtsc() < end {
    guard (try? Threads.sleep(nanoseconds: 10_000_000)) == .timedOut else { fail("a sleep was cut short") }
    sleeps += 1
    if sleeps % 10 == 0 { _ = try? Threads.join(make(ThreadName("short")) { _ in 0 }) }
    if sleeps % 100 == 5 {
      guard let (_, code) = try? Threads.join(make(ThreadName("state"), withState)), code == 1 else {
        fail("a thread with a state was lost")
      }
    }
    if sleeps % 36_000 == 0 {
      Threads.trim()
      // The other thread has its stack, and nothing else has grown.
      guard reference.node.frames.freeCount + 4 == before else {
        fail("frames were lost after \(sleeps) sleeps")
      }
    }
  }
  try? Threads.kill(other)
  guard let (_, code) = try? Threads.join(other), code == 2 else { fail("the other thread did not end") }
  Threads.trim()
  guard reference.node.frames.freeCount == before else { fail("frames were lost") }
  guard reference.node.heap.statistics.bytesInUse == heap else { fail("the heap has grown") }
  pass("an hour: \(sleeps) sleeps, \(before) frames free as before")
}
