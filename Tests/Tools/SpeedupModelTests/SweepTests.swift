import Testing

@testable import SpeedupModel

struct SweepTests {
  private func model() throws -> RefinedModel {
    RefinedModel(
      try Profile(
        program: "p", source: "test", computationSeconds: 1,
        calls: [CallRecord("read", count: 100, seconds: 0.1), CallRecord("write", count: 10, seconds: 0.1)]),
      Setup(gain: 2, forwardingCost: 1e-5))
  }

  @Test func cellsOfATwoDimensionalSweepAreSinglePredictions() throws {
    let model = try model()
    for policy in [Policy.leastFrequent, .best] {
      let sweep = try Sweep(
        model, policy: policy, share: 0.5, x: SweepAxis(parsing: "gamma=1:10:4", option: "--x"),
        y: SweepAxis(parsing: "fc=1ns:1s:5", option: "--y"))
      #expect(sweep.speedups.count == 20)
      for (row, cost) in (sweep.y?.values ?? []).enumerated() {
        for (column, gain) in sweep.x.values.enumerated() {
          let cell = RefinedModel(model.profile, Setup(gain: gain, forwardingCost: cost))
          let speedup = cell.predict(delegated: policy.marks(for: cell, share: 0.5)).speedup
          #expect(sweep.speedups[row * 4 + column] == speedup)
        }
      }
    }
  }

  @Test func randomCellsAreSingleBands() throws {
    let model = try model()
    let sweep = try Sweep(
      model, policy: .random(seed: 5), share: 0.5, x: SweepAxis(parsing: "share=0%:100%:3", option: "--x"),
      y: SweepAxis(parsing: "gamma=1:10:4", option: "--y"), draws: 30)
    for (row, gain) in (sweep.y?.values ?? []).enumerated() {
      for (column, share) in sweep.x.values.enumerated() {
        var cell = model
        cell.setup.gain = gain
        #expect(sweep.bands[row * 3 + column] == RandomBand(cell, share: share, seed: 5, draws: 30))
      }
    }
  }

  @Test func valuesWithoutACountAreRound() throws {
    func values(_ text: String) throws -> [Double] { try SweepAxis(parsing: text, option: "--x").values }
    #expect(try values("gamma=1:6") == (10...60).map { Double($0) / 10 })
    #expect(try values("gamma=1:100").prefix(4) == [1, 2, 4, 6])
    #expect(try values("gamma=1:100").last == 100)
    #expect(try values("share=0:1") == (0...50).map { Double($0) * 2 / 100 })
    #expect(try values("fc=1ns:10s").prefix(5) == [1e-9, 2e-9, 5e-9, 1e-8, 2e-8])
    #expect(try values("fc=3us:30us:log").prefix(3) == [3e-6, 4e-6, 5e-6])
    #expect(try values("fc=3us:300us:log").prefix(3) == [3e-6, 5e-6, 1e-5])
    #expect(try values("gamma=1.00000001:1.00000002").count > 2)
    for text in ["gamma=0.3:0.7", "fc=1ns:1.5ns", "gamma=1e-3:1e9:log", "gamma=999999999:1000000000"] {
      let values = try values(text)
      #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 }, "\(text)")
      #expect(values.count <= 62, "\(text)")
    }
  }

  @Test func axesKeepTheBoundsAsWritten() throws {
    let axis = try SweepAxis(parsing: "fc=1ns:10s:200", option: "--x")
    #expect(axis.values.first == 1e-9 && axis.values.last == 10 && axis.values.count == 200)
    #expect(try SweepAxis(parsing: "cores=1:8", option: "--x").values == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try SweepAxis(parsing: "share=0%:100%:3", option: "--x").values == [0, 0.5, 1])
  }

  @Test(arguments: [
    "", "gamma", "speed=1:2", "gamma=1", "gamma=2:1", "gamma=1:2:1", "gamma=nan:2", "gamma=0:2", "fc=1:2",
    "fc=0:1s:log", "share=0:2", "cores=0:4", "gamma=1:2:3:4", "gamma=1,5:2", "gamma=-1:2",
  ])
  func refusesAxesWithoutMeaning(text: String) {
    #expect(throws: InputError.self) { try SweepAxis(parsing: text, option: "--x") }
  }

  @Test func textFormsHoldEveryCell() throws {
    let sweep = try Sweep(
      model(), policy: .random(seed: 1), share: 0.5, x: SweepAxis(parsing: "gamma=1:2:2", option: "--x"),
      draws: 10)
    #expect(sweep.csv().split(separator: "\n").count == 3)
    #expect(sweep.csv().hasPrefix("gamma,speedup,low5,high95\n1.0,"))
    _ = try JSONNode.parse(Array(sweep.json().utf8), place: "sweep")
  }

  @Test func sameParameterTwiceIsRefused() throws {
    let axis = try SweepAxis(parsing: "gamma=1:2:2", option: "--x")
    let model = try model()
    #expect(throws: InputError.self) { try Sweep(model, policy: .best, share: 0.5, x: axis, y: axis) }
  }
}
