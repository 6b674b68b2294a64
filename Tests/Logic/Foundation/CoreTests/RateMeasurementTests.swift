/// Rates measured on machines that stand still now and then.

import Core
import SeededRandomness
import Testing

/// A machine on which every reading takes its time, and some take very long.
private struct UnsteadyMachine: CounterPair {
  /// Nanoseconds that a reading takes.
  let reading: UInt64
  /// One reading in so many is followed by a halt of up to 80 ms; 0 for none.
  let haltEvery: UInt64
  /// Ticks in 1,024 nanoseconds.
  let rate: UInt64

  private var random: SeededGenerator
  private var now: UInt64 = 12_345_678
  private var restarted: UInt64 = 0

  init(reading: UInt64, haltEvery: UInt64, rate: UInt64, seed: UInt64) {
    self.reading = reading
    self.haltEvery = haltEvery
    self.rate = rate
    random = SeededGenerator(seed: seed)
  }

  mutating func restart() {
    pass(reading)
    restarted = now
  }

  mutating func known() -> UInt16 {
    pass(reading)
    return UInt16(truncatingIfNeeded: 65_535 &- (now - restarted) * 1_193_182 / 1_000_000_000)
  }

  mutating func wanted() -> UInt64 {
    pass(10)
    return now * rate / 1_024
  }

  private mutating func pass(_ nanoseconds: UInt64) {
    now += nanoseconds
    if haltEvery != 0, random.next() % haltEvery == 0 { now += random.next() % 80_000_000 }
  }
}

@Suite struct RateMeasurementTests {
  /// Ticks a millisecond by a measurement.
  private func measuredRate(_ machine: inout UnsteadyMachine) -> Double {
    let measured = RateMeasurement(&machine)
    return Double(measured.ticks) * 1_193_182 / Double(measured.counts) / 1_000
  }

  @Test(arguments: [10, 300, 2_000, 20_000, 100_000] as [UInt64])
  func aSteadyMachineIsMeasuredWithinTwoPerCent(reading: UInt64) {
    for rate: UInt64 in [1_024, 2_048, 3_000, 65_000] {
      var machine = UnsteadyMachine(reading: reading, haltEvery: 0, rate: rate, seed: 0)
      let truth = Double(rate) / 1_024 * 1_000_000
      #expect(abs(measuredRate(&machine) / truth - 1) < 0.02, "rate \(rate)")
    }
  }

  @Test(arguments: [1_000, 5_000, 20_000] as [UInt64])
  func haltsOfAProcessorDoNotSpoilTheRate(haltEvery: UInt64) {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed of the halts: \(seed)")
    for run: UInt64 in 0..<300 {
      var machine = UnsteadyMachine(reading: 2_000, haltEvery: haltEvery, rate: 2_355, seed: seed &+ run)
      let truth = 2_355.0 / 1_024 * 1_000_000
      #expect(abs(measuredRate(&machine) / truth - 1) < 0.03, "seed \(seed &+ run)")
    }
  }

  @Test func aCounterThatStandsStillEndsTheMeasurement() {
    var machine = StoppedMachine()
    let measured = RateMeasurement(&machine)
    #expect(measured.counts == 1)
  }
}

/// A machine without an interval timer.
private struct StoppedMachine: CounterPair {
  private var ticks: UInt64 = 0

  mutating func restart() {}
  mutating func known() -> UInt16 { 0xFFFF }
  mutating func wanted() -> UInt64 {
    ticks += 1
    return ticks
  }
}
