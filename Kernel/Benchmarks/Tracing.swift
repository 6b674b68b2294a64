/// What a trace costs.

import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Runtime
import Scheduling
import Start
import Trace

/// Records events with the trace off and on, and yields with the trace on.
///
/// A sample of the first two is what one event takes: the ticks between two readings of the counter with the event
/// between them, less those without.
func benchmarkTrace() {
  measureEvent("trace/test-when-off")
  startTrace(kilobytes: 64)
  measureEvent("trace/record")
  benchmarkYield("trace/yield", otherSpace: false)
  NodeReference().node.threads.record(false)
}

private func measureEvent(_ name: Text) {
  let samples = Samples(wanted: 1_000)
  while !samples.isComplete {
    cpu_cli()
    let ticks = ticksOfEvent()
    cpu_sti()
    samples.add(ticks)
  }
  samples.report(name)
}

/// The ticks of an event, less those of nothing.
///
/// A function of its own, in which the event finds registers free, as it does where it matters.
@inline(never)
private func ticksOfEvent() -> UInt32 {
  // A call, so that the frame is there before the event and not made for it.
  let nothing = ticksOfNothing()
  let start = cpu_rdtsc_low()
  NodeReference().node.threads.scheduler.trace.record(.mark, large: start)
  return cpu_rdtsc_low() &- start &- nothing
}

@inline(never)
private func ticksOfNothing() -> UInt32 {
  let start = cpu_rdtsc_low()
  return cpu_rdtsc_low() &- start
}
