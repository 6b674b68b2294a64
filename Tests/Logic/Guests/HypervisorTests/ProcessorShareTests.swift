/// Shares of processor time, in windows of 1,000 ticks.

import Testing

@testable import Hypervisor

@Suite struct ProcessorShareTests {
  private func look(
    _ share: inout ProcessorShare, _ percent: UInt32, used: UInt64, at now: UInt64
  ) -> UInt64? {
    share.waitEnd(percent: percent, used: used, at: now, window: 1_000)
  }

  @Test func goesOnUntilItsShareIsUsedUp() {
    var share = ProcessorShare()
    #expect(look(&share, 30, used: 50, at: 5_000) == nil)
    #expect(share.end == 5_300)
    #expect(look(&share, 30, used: 250, at: 5_400) == nil)
    #expect(share.end == 5_500)
  }

  @Test func waitsForTheNextWindowWhenItsShareIsUsedUp() {
    var share = ProcessorShare()
    #expect(look(&share, 30, used: 50, at: 5_000) == nil)
    #expect(look(&share, 30, used: 350, at: 5_300) == 6_000)
    // The next window begins with the next look, and what was used before counts no more.
    #expect(look(&share, 30, used: 350, at: 6_200) == nil)
    #expect(share.end == 6_500)
    #expect(look(&share, 30, used: 650, at: 7_199) == 7_200)
  }

  @Test func aShareOfNothingWaits() {
    var share = ProcessorShare()
    #expect(look(&share, 0, used: 0, at: 5_000) == 6_000)
  }

  @Test func aLimitCanBeLifted() {
    var share = ProcessorShare()
    #expect(look(&share, 30, used: 0, at: 5_000) == nil)
    share.lift()
    #expect(share.end == .max)
  }
}
