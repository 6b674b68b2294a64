/// Benchmarks of the switch itself.

import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Runtime
import Scheduling
import Trace

/// Makes a thread, or stops.
func make(_ name: ThreadName, level: Int = 20, space: UInt = 0, argument: UInt, _ body: ThreadBody)
  -> ThreadReference
{
  do {
    return try Threads.create(
      name, level: PriorityLevel(truncating: level), argument: argument, space: space, body)
  } catch {
    preconditionFailure("no thread for a benchmark")
  }
}

/// Two threads of one level give way to each other; a sample is from one's call to the other's return.
func benchmarkYield(_ name: Text, otherSpace: Bool) {
  let samples = Samples(wanted: 1_000)
  let body: ThreadBody = { address in
    let samples = Samples(address: address)
    while !samples.isComplete {
      samples.begin()
      Threads.yield()
      samples.end()
    }
    return 0
  }
  let first = make(ThreadName("a"), argument: samples.address, body)
  let second = make(ThreadName("b"), space: otherSpace ? copyOfSpace() : 0, argument: samples.address, body)
  _ = try? Threads.join(first)
  _ = try? Threads.join(second)
  samples.report(name)
}

/// A second root that shares all of the kernel's tables.
func copyOfSpace() -> UInt {
  guard let frame = try? NodeReference().node.frames.allocate(for: .pageTable) else { return 0 }
  let root = UInt(cpu_read_cr3()) & ~0xFFF
  guard let source = DirectMap.virtualAddress(of: PhysicalAddress(UInt64(root))) else { return 0 }
  let target = Frames.address(of: frame).rawValue
  for offset in 0..<UInt(1024) {
    cpu_store32(target + offset * 4, cpu_load32(source.rawValue + offset * 4))
  }
  return UInt(PhysicalAddress(startOf: frame).rawValue)
}

/// The hourglass: two threads read the counter without end; a gap that is longer than an iteration and shorter than a
/// slice is a switch by the timer.
func benchmarkPreemption(_ name: Text) {
  let reference = NodeReference()
  reference.node.threads.timer.setSlice(ticks: 20_000)
  let samples = Samples(wanted: 1_000)
  let body: ThreadBody = { address in
    let samples = Samples(address: address)
    let place = address + 4
    var gaps: UInt32 = 0
    cpu_store32(place, cpu_rdtsc_low())
    while true {
      let now = cpu_rdtsc_low()
      let gap = now &- cpu_load32(place)
      cpu_store32(place, now)
      if gap > 40 {
        if gap < 10_000 { samples.add(gap) }
        if samples.isComplete { return 0 }
        // Else the interrupts could come at one place of the loop for ever, and that may be between reading and writing.
        gaps &+= 1
        for _ in 0..<gaps % 7 { cpu_pause() }
        cpu_store32(place, cpu_rdtsc_low())
      }
    }
  }
  let first = make(ThreadName("a"), argument: samples.address, body)
  let second = make(ThreadName("b"), argument: samples.address, body)
  _ = try? Threads.join(first)
  _ = try? Threads.join(second)
  samples.report(name)
}

/// A thread that sleeps is more urgent than one that reads the counter; a sample is from the last reading before the
/// timer's interrupt to the sleeper's return.
func benchmarkWake(_ name: Text) {
  let samples = Samples(wanted: 500)
  let busy = make(ThreadName("busy"), level: 12, argument: samples.address) { beginAlways($0) }
  let sleeper = make(ThreadName("sleeper"), level: 25, argument: samples.address) { address in
    let samples = Samples(address: address)
    while !samples.isComplete {
      _ = try? Threads.sleep(until: cpu_rdtsc() + 20_000)
      samples.end()
    }
    return 0
  }
  _ = try? Threads.join(sleeper)
  _ = try? Threads.join(busy)
  samples.report(name)
}

/// Notes again and again that something begins.
///
/// A function, because C functions are not inlined into the closure that a C function pointer is made of.
@inline(never)
private func beginAlways(_ address: UInt) -> UInt {
  let samples = Samples(address: address)
  while !samples.isComplete { samples.begin() }
  return 0
}
