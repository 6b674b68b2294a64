import Testing

@testable import SpeedupModel

/// Figures a reader can check with the paper and a pocket calculator.
struct PublishedLimitTests {
  @Test(arguments: [("gcc_linux_k", 8.18), ("bzip2", 208.3), ("mcf_r", 322.6), ("rom_s", 13.76)])
  func noGainExceedsTheLimitOfTableOne(name: String, limit: Double) throws {
    let benchmark = try #require(PublishedData.benchmarks.first { $0.name == name })
    #expect((NaiveModel.limit(share: benchmark.share) - limit).magnitude < limit * 0.001)
    let nearly = NaiveModel.speedup(share: benchmark.share, gain: 1e12)
    #expect((nearly - limit).magnitude < limit * 0.001)
  }

  @Test func tableOneHasEightRowsInFallingOrder() {
    let shares = PublishedData.benchmarks.map(\.share)
    #expect(shares.count == 8)
    #expect(shares == shares.sorted(by: >))
  }

  @Test func halfTheRunAtGainTwoIsFourThirds() {
    #expect((NaiveModel.speedup(share: 0.5, gain: 2) - 4.0 / 3).magnitude < 1e-15)
    #expect(NaiveModel.speedup(share: 1, gain: 50) == 1)
    #expect(NaiveModel.speedup(share: 0, gain: 50) == 50)
  }
}
