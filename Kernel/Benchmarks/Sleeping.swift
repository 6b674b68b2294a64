/// How late a sleep ends.

import Arch
import Base
import CMachine
import Log
import Runtime
import Scheduling

/// A thread sleeps on a processor that has nothing else to do; a sample is how many ticks after the tick that was asked
/// for it reads the counter again.
func benchmarkSleep(_ name: Text) {
  let samples = Samples(wanted: 500)
  sleepAgainAndAgain(samples)
  samples.report(name)
}

@inline(never)
private func sleepAgainAndAgain(_ samples: Samples) {
  // Times of no pattern, from 5 to 37 thousand ticks.
  var random: UInt32 = 1
  while !samples.isComplete {
    random = random &* 1_664_525 &+ 1_013_904_223
    let end = cpu_rdtsc() &+ 5_000 &+ UInt64(random >> 17)
    _ = try? Threads.sleep(until: end)
    samples.add(cpu_rdtsc_low() &- UInt32(truncatingIfNeeded: end))
  }
}
