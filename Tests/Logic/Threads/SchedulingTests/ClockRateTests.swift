import Testing

@testable import Scheduling

@Test(arguments: [1_000_000, 3_579_545, 1_000_000_000, 2_596_123_457, 68_719_476_736] as [UInt64])
func ticksAreNeverShorterThanTheTimeAndHardlyLonger(rate: UInt64) throws {
  let clock = try #require(ClockRate(ticksPerSecond: rate))
  for time in [0, 1, 999, 1_000_000, 123_456_789_012, 3_600_000_000_000] as [UInt64] {
    // The second source: 128-bit arithmetic with a division.
    let exact = time.multipliedFullWidth(by: rate)
    let ticks = UInt64(1_000_000_000).dividingFullWidth(exact).quotient
    let got = clock.ticks(fromNanoseconds: time)
    #expect(got >= ticks || ticks - got <= ticks >> 31)
    #expect(got <= ticks + 2 + ticks >> 31)
  }
}

@Test func ratesThatNoClockHasAreRefused() {
  #expect(ClockRate(ticksPerSecond: 0) == nil)
  #expect(ClockRate(ticksPerSecond: 999_999) == nil)
  #expect(ClockRate(ticksPerSecond: .max) == nil)
}

@Test func deadlinesBeyondTheCounterAreNever() throws {
  let clock = try #require(ClockRate(ticksPerSecond: 3_000_000_000))
  #expect(clock.deadline(nanoseconds: .max, after: 5) == .max)
  #expect(clock.deadline(nanoseconds: 1_000, after: .max - 10) == .max)
  #expect(clock.deadline(nanoseconds: 0, after: 0) != 0)
  #expect((999_999_999...1_000_000_000).contains(clock.nanoseconds(fromTicks: 3_000_000_000)))
}

@Test func stackUseIsTheDeepestLostPaint() {
  let stack = UnsafeMutableRawPointer.allocate(byteCount: 4_096, alignment: 16)
  defer { stack.deallocate() }
  StackPaint.paint(bottom: stack, size: 4_096)
  #expect(StackPaint.usedBytes(bottom: stack, size: 4_096) == 0)
  stack.storeBytes(of: 1, toByteOffset: 4_000, as: UInt.self)
  stack.storeBytes(of: 2, toByteOffset: 1_024, as: UInt.self)
  #expect(StackPaint.usedBytes(bottom: stack, size: 4_096) == 3_072)
}
