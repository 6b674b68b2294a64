import Testing

@testable import SpeedupModel

/// What must hold for every program; each case prints its seed when it fails.
struct ModelPropertyTests {
  private static let seeds: [UInt64] = Array(1...40)

  @Test(arguments: seeds) func nothingChangesWithoutGainAndForwarding(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let profile = try Profile.random(&generator)
    let model = RefinedModel(profile, Setup())
    for share in [0, 0.3, 1.0] {
      let speedup = model.predict(delegated: Policy.leastFrequent.marks(for: model, share: share)).speedup
      #expect((speedup - 1).magnitude < 1e-12, "seed \(seed)")
    }
  }

  @Test(arguments: seeds) func refinedWithoutForwardingCostIsNaive(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let profile = try Profile.random(&generator)
    for gain in [0.5, 1, 2, 10, 1000] {
      let model = RefinedModel(profile, Setup(gain: gain))
      let refined = model.predict(delegated: profile.calls.map { _ in Bool.random(using: &generator) })
        .speedup
      let naive = NaiveModel.speedup(share: profile.systemShare, gain: gain)
      #expect((refined - naive).magnitude < 1e-9 * naive, "seed \(seed)")
    }
  }

  @Test(arguments: seeds) func speedupNeverExceedsTheNaiveModelNorItsLimit(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let profile = try Profile.random(&generator)
    let setup = Setup(gain: 1 + generator.unit() * 100, forwardingCost: generator.unit() * 1e-3)
    let model = RefinedModel(profile, setup)
    let refined = model.predict(delegated: Policy.mostFrequent.marks(for: model, share: generator.unit()))
      .speedup
    let naive = NaiveModel.speedup(share: profile.systemShare, gain: setup.gain)
    #expect(refined <= naive * (1 + 1e-12), "seed \(seed)")
    #expect(naive <= NaiveModel.limit(share: profile.systemShare) * (1 + 1e-12), "seed \(seed)")
  }

  @Test(arguments: seeds) func speedupFallsWithForwardingCostAndRisesWithGain(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let profile = try Profile.random(&generator)
    let costs = try Sweep(
      RefinedModel(profile, Setup(gain: 10)), policy: .leastFrequent, share: 0.2,
      x: SweepAxis(.forwardingCost, from: 1e-9, to: 10, count: 60, isLogarithmic: true)
    ).speedups
    #expect(zip(costs, costs.dropFirst()).allSatisfy(>), "seed \(seed)")
    let gains = try Sweep(
      RefinedModel(profile, Setup(forwardingCost: 1e-6)), policy: .leastFrequent, share: 0.2,
      x: SweepAxis(.gain, from: 1, to: 100, count: 60, isLogarithmic: false)
    ).speedups
    #expect(zip(gains, gains.dropFirst()).allSatisfy(<), "seed \(seed)")
  }

  @Test(arguments: seeds) func speedupFallsWithMoreForwarding(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let profile = try Profile.random(&generator)
    for policy in [Policy.leastFrequent, .mostFrequent, .best, .random(seed: seed)] {
      let model = RefinedModel(profile, Setup(gain: 10, forwardingCost: 1e-5))
      let speedups = (0...profile.calls.count).map { count in
        let share = Double(count) / Double(profile.calls.count)
        return model.predict(delegated: policy.marks(for: model, share: share)).speedup
      }
      #expect(zip(speedups, speedups.dropFirst()).allSatisfy(>), "seed \(seed) \(policy)")
    }
  }

  @Test(arguments: seeds) func everyOptionalTermCosts(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let profile = try Profile.random(&generator)
    let plain = Setup(gain: 5, forwardingCost: 1e-6)
    func speedup(_ change: (inout Setup) -> Void) -> Double {
      var setup = plain
      change(&setup)
      let model = RefinedModel(profile, setup)
      return model.predict(delegated: Policy.leastFrequent.marks(for: model, share: 0.5)).speedup
    }
    let base = speedup { _ in }
    #expect(speedup { $0.secondsPerByte = 1e-6 } < base, "seed \(seed)")
    #expect(speedup { $0.translationLoss = 1e-6 } < base, "seed \(seed)")
    #expect(speedup { $0.localFactor = 2 } <= base, "seed \(seed)")
    #expect(speedup { $0.localFactor = 0.5 } >= base, "seed \(seed)")
    #expect(speedup { $0.classes = [WorkClass("integer", share: 0.5, gain: 1)] } < base, "seed \(seed)")
    // A class with the common gain changes nothing.
    let same = speedup { $0.classes = [WorkClass("any", share: 0.3, gain: 5)] }
    #expect((same - base).magnitude < 1e-9 * base, "seed \(seed)")
  }

  @Test func localTimesOfAnotherRunCountForEachInvocation() throws {
    func profile(_ calls: [CallRecord]) throws -> Profile {
      try Profile(program: "p", source: "test", computationSeconds: 1, calls: calls)
    }
    let linux = try profile([
      CallRecord("read", count: 100, seconds: 0.1), CallRecord("write", count: 10, seconds: 0.2),
    ])
    let light = try profile([
      CallRecord("read", count: 50, seconds: 0.01), CallRecord("brk", count: 1, seconds: 1),
    ])
    let merged = try linux.local(as: light)
    #expect(merged.calls.map(\.localSeconds) == [0.02, nil])
    let prediction = RefinedModel(merged, Setup()).predict(delegated: [false, false])
    #expect((prediction.localSeconds - 0.22).magnitude < 1e-12)
  }

  @Test(arguments: seeds) func formulaAgreesWithAReplayedTrace(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let names = ["read", "write", "openat", "close", "mmap", "brk"]
    let steps = (0..<2000).map { _ in
      TraceStep(
        computation: generator.unit() * 1e-4, call: names.randomElement(using: &generator) ?? "read",
        seconds: generator.unit() * 1e-5, bytes: (generator.unit() * 4096).rounded())
    }
    let profile = try TraceReplay.profile(steps)
    var setup = Setup(gain: 1 + generator.unit() * 9, forwardingCost: generator.unit() * 1e-5)
    setup.localFactor = 0.5 + generator.unit()
    setup.localFactors = ["brk": generator.unit()]
    setup.translationLoss = generator.unit() * 1e-6
    setup.secondsPerByte = generator.unit() * 1e-9
    setup.classes = [WorkClass("tlb", share: 0.25, gain: 3)]
    let marks = profile.calls.map { _ in Bool.random(using: &generator) }
    let delegated = Set(zip(profile.calls, marks).filter(\.1).map(\.0.name))
    let predicted = RefinedModel(profile, setup).predict(delegated: marks).delegatedSeconds
    let replayed = TraceReplay.seconds(steps, delegated: delegated, setup: setup)
    #expect((predicted - replayed).magnitude < 1e-9 * replayed, "seed \(seed)")
  }
}
