/// The hourglass: what the timer's switch costs, seen by those who lose the processor.

import Arch
import Base
import CMachine
import Log
import Runtime
import Scheduling

/// Two threads, above all others that are ready, read the time stamp counter in a loop and store it where the other
/// sees it.
///
/// If the other was the last to run, the processor was taken from it in between: the gap since its last reading, longer
/// than a turn of the loop and shorter than a slice, is a sample. Who ran last is looked at before the counter is read,
/// so an interrupt between the two makes the gap a turn of the loop longer, and never loses or invents one.
///
/// - Parameters:
///   - name: the result's path.
///   - slice: ticks of a time slice. Short ones suffice where ticks are instructions, and one that no loop's length
///     divides lets interrupts come at every place of the loop; a host's processor needs ones that outlast the slowest
///     switch by far.
func benchmarkHourglass(_ name: Text, slice: UInt64) {
  NodeReference().node.threads.timer.setSlice(ticks: slice)
  let samples = Samples(wanted: 2_000)
  // A frame's address ends in zeros, so there is room for the number of the thread.
  let body: ThreadBody = { argument in
    let samples = Samples(address: argument & ~3)
    let number = UInt32(argument & 3)
    let writer = samples.address + 12
    // Above all samples there may be.
    let place = samples.address + 3 * UInt(pageSize) - 12
    let (own, other) = (place + UInt(number) * 4, place + UInt(3 - number) * 4)
    let limit = UInt32(truncatingIfNeeded: NodeReference().node.threads.timer.sliceTicks / 2)
    while true {
      if number != cpu_load32(writer) {
        let gap = cpu_rdtsc_low() &- cpu_load32(other)
        // Nobody was before the first.
        if cpu_load32(writer) != 0, gap < limit { samples.add(gap) }
        // Before the end too: the other looks for it only when it sees that it was interrupted.
        cpu_store32(writer, number)
        if samples.isComplete { return 0 }
      }
      cpu_store32(own, cpu_rdtsc_low())
    }
  }
  let first = make(ThreadName("a"), argument: samples.address | 1, body)
  let second = make(ThreadName("b"), argument: samples.address | 2, body)
  _ = try? Threads.join(first)
  _ = try? Threads.join(second)
  samples.report(name)
}
