/// The hourglass: what the timer's switch costs, seen by those who lose the processor.

import Arch
import Base
import CMachine
import Log
import Scheduling
import Start

/// Two threads, above all others that are ready, read the time stamp counter in a loop and store it where both see it.
///
/// If the last reading was the other's, the processor was taken from it in between: a gap longer than a turn of the
/// loop and shorter than a slice, which is a sample.
///
/// - Parameters:
///   - name: the result's path.
///   - slice: ticks of a time slice. Short ones suffice where ticks are instructions; a host's processor needs ones
///     that outlast the slowest switch by far.
func benchmarkHourglass(_ name: Text, slice: UInt64) {
  NodeReference().node.threads.timer.setSlice(ticks: slice)
  let samples = Samples(wanted: 2_000)
  // A frame's address ends in zeros, so there is room for the number of the thread.
  let body: ThreadBody = { argument in
    let samples = Samples(address: argument & ~3)
    let number = UInt32(argument & 3)
    let (last, writer) = (samples.address + 4, samples.address + 12)
    let limit = UInt32(truncatingIfNeeded: NodeReference().node.threads.timer.sliceTicks / 2)
    while true {
      let now = cpu_rdtsc_low()
      if cpu_load32(writer) == number {
        cpu_store32(last, now)
      } else {
        let gap = now &- cpu_load32(last)
        if cpu_load32(writer) != 0, gap < limit { samples.add(gap) }
        // Before the end too: the other looks for it only when it sees that it was interrupted.
        cpu_store32(writer, number)
        if samples.isComplete { return 0 }
        cpu_store32(last, cpu_rdtsc_low())
      }
    }
  }
  let first = make(ThreadName("a"), argument: samples.address | 1, body)
  let second = make(ThreadName("b"), argument: samples.address | 2, body)
  _ = try? Threads.join(first)
  _ = try? Threads.join(second)
  samples.report(name)
}
