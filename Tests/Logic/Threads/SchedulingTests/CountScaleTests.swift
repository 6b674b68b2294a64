import Testing

@testable import Scheduling

/// The interval timer beside clocks of 1 and 3 GHz, local timers as fast as the clock, faster and slower.
@Test(
  arguments: [
    (1_193_182, 1_000_000_000), (1_193_182, 3_000_000_000), (1, 1), (65_536, 65_536), (100, 3), (3, 100_000),
  ] as [(UInt64, UInt64)])
func countsAreNeverShorterThanTheTicksAndHardlyLonger(scale: (UInt64, UInt64)) {
  let counter = CountScale(counts: scale.0, ticks: scale.1)
  for ticks in [1, 2, 999, 100_000, 1_500_000, 1 << 21] as [UInt64] {
    // The second source: one division, rounded up. Only the scale's own rounding may be between.
    let exact = (ticks * scale.0 + scale.1 - 1) / scale.1
    let got = UInt64(counter.counts(forTicks: ticks))
    #expect(got >= max(1, exact) - 1 && got <= exact + 1, "\(ticks) ticks: \(got), not \(exact)")
  }
}

@Test func aLongTimeIsCutAndNotWrapped() {
  for scale in [(1, 1), (1_193_182, 1_000_000_000), (1_000_000, 1)] as [(UInt64, UInt64)] {
    let counter = CountScale(counts: scale.0, ticks: scale.1)
    var last: UInt32 = 0
    for shift in 0..<64 as Range<UInt64> {
      let got = counter.counts(forTicks: 1 << shift)
      #expect(got >= last && got >= 1)
      last = got
    }
  }
}

@Test func aTimeOfZeroInterruptsAsSoonAsCanBe() {
  #expect(CountScale(counts: 1, ticks: 1).counts(forTicks: 0) == 1)
  #expect(CountScale(counts: 0, ticks: 0).counts(forTicks: 0) == 1)
}
