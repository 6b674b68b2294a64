import Testing

@testable import SpeedupModel

struct PolicyTests {
  private func model() throws -> RefinedModel {
    RefinedModel(
      try Profile(
        program: "p", source: "test", computationSeconds: 1,
        calls: [
          CallRecord("write", count: 1000, seconds: 0.1), CallRecord("read", count: 500, seconds: 0.2),
          CallRecord("open", count: 3, seconds: 0.01), CallRecord("close", count: 3, seconds: 0.001),
          CallRecord("brk", count: 9, seconds: 0.002),
        ]), Setup(gain: 2, forwardingCost: 1e-5))
  }

  private func names(_ policy: Policy, _ share: Double) throws -> [String] {
    let model = try model()
    return zip(model.profile.calls, policy.marks(for: model, share: share)).filter(\.1).map(\.0.name)
  }

  @Test func frequencyPoliciesCountInvocationsAndBreakTiesByName() throws {
    #expect(try names(.leastFrequent, 0.2) == ["close"])
    #expect(try names(.leastFrequent, 0.4) == ["close", "open"])
    #expect(try names(.mostFrequent, 0.4) == ["read", "write"])
  }

  @Test(arguments: [(0.0, 0), (0.2, 1), (0.21, 2), (0.6, 3), (1.0, 5)])
  func sharesRoundUp(share: Double, count: Int) { #expect(Policy.number(share: share, of: 5) == count) }

  @Test func randomChoiceDependsOnItsSeedAlone() throws {
    #expect(try names(.random(seed: 7), 0.6) == names(.random(seed: 7), 0.6))
    #expect(try (1...20).contains { try names(.random(seed: $0), 0.6) != names(.random(seed: 7), 0.6) })
  }

  @Test func bestChoiceBeatsEveryOtherOfItsSize() throws {
    let model = try model()
    let best = model.predict(delegated: Policy.best.marks(for: model, share: 0.4)).speedup
    for bits in 0..<32 where bits.nonzeroBitCount == 2 {
      let marks = (0..<5).map { bits >> $0 & 1 == 1 }
      #expect(model.predict(delegated: marks).speedup <= best)
    }
  }

  @Test func listsIgnoreCallsTheProgramNeverMakes() throws {
    #expect(try names(.list(["read", "fork"]), 0) == ["read"])
    #expect(try names(.everything, 0).count == 5)
  }

  @Test func unknownPolicyNamesTheAllowedOnes() {
    #expect(throws: InputError.self) { try Policy(parsing: "fastest") }
    #expect((try? Policy(parsing: "list:a,b")) == .list(["a", "b"]))
  }

  @Test func bandOfRandomChoicesHoldsItsMedian() throws {
    let band = RandomBand(try model(), share: 0.4, seed: 3, draws: 100)
    #expect(band.low <= band.median && band.median <= band.high)
    #expect(band == RandomBand(try model(), share: 0.4, seed: 3, draws: 100))
  }

  @Test func rankingPutsTheGreatestSavingFirstAndEndsAtTheNaiveModel() throws {
    let model = try model()
    let ranked = Ranking.portNext(model)
    #expect(ranked.first?.call.name == "write")
    #expect(zip(ranked, ranked.dropFirst()).allSatisfy { $0.savedSeconds >= $1.savedSeconds })
    let naive = NaiveModel.speedup(share: model.profile.systemShare, gain: 2)
    #expect(((ranked.last?.speedup ?? 0) - naive).magnitude < 1e-12)
    let weighted = Ranking.portNext(model, local: ["read"], efforts: ["write": 1e6])
    #expect(weighted.last?.call.name == "write")
    #expect(!weighted.contains { $0.call.name == "read" })
  }

  @Test func theFirstCallsThatBringEnoughAreCounted() throws {
    let model = try model()
    let ranked = Ranking.portNext(model)
    let start = model.predict(delegated: model.profile.calls.map { _ in true }).speedup
    let counts = [0, 0.5, 0.95, 1].map { Ranking.number(of: ranked, reaching: $0, from: start) }
    #expect(counts.first == 1 && counts == counts.sorted())
    let reached = ranked[counts[2] - 1].speedup
    #expect(reached >= start + 0.95 * ((ranked.last?.speedup ?? 0) - start) - 1e-12)
    #expect(
      counts[2] == 1 || ranked[counts[2] - 2].speedup < start + 0.95 * ((ranked.last?.speedup ?? 0) - start))
    #expect(Ranking.number(of: ranked, reaching: 0.5, from: 1e9) == 0)
    #expect(Ranking.number(of: [], reaching: 0.5, from: 1) == 0)
  }
}
