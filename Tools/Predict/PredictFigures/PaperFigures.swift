import Plotting
import SpeedupModel

/// The figures of the paper that follow from published data, or from profiles of other programs in their
/// place.
public enum PaperFigures {
  private static let policies: [(name: String, policy: Policy)] = [
    ("least frequent", .leastFrequent), ("most frequent", .mostFrequent), ("random", .random(seed: 1)),
  ]
  private static let shapes =
    "profiles of programs from Debian in place of SPEC's; compare shapes, not values"

  /// Figures 2 to 9 with `profiles`; each needs at least one.
  public static func all(_ profiles: [(name: String, profile: Profile)]) throws(InputError) -> [PaperFigure] {
    let gains = SweepAxis(.gain, from: 1, to: 100, count: 67, isLogarithmic: false)
    let costs = SweepAxis(.forwardingCost, from: 1e-9, to: 10, count: 81, isLogarithmic: true)
    let shares = SweepAxis(.share, from: 0, to: 1, count: 41, isLogarithmic: false)
    let fixedCost = Setup(gain: 1, forwardingCost: PublishedData.forwardingCost)
    let fixedGain = Setup(gain: PublishedData.gain)
    return [
      surface(), benchmarks(gains),
      try curves(
        4, "speedup over gain, f_c = 10 µs, 20 % of calls forwarded", profiles, fixedCost, gains,
        published: "policies, f_c, share and range of γ"),
      try maps(
        5, "speedup over forwarding cost and gain, least frequent 20 % forwarded", profiles, Setup(),
        x: costs,
        y: gains, published: "policy, share and ranges"),
      distribution(profiles),
      try maps(
        7, "speedup over forwarding cost and share, γ = 10", profiles, fixedGain, x: costs, y: shares,
        published: "policy (least frequent), γ and ranges"),
      try maps(
        8, "speedup over gain and share, f_c = 10 µs", profiles, fixedCost, x: gains, y: shares,
        published: "policy (least frequent), f_c and ranges"),
      try curves(
        9, "speedup over forwarding cost, γ = 10, 20 % of calls forwarded", profiles, fixedGain, costs,
        published: "policies, γ, share and range of f_c"),
    ].sorted { $0.number < $1.number }
  }

  // MARK: - From published data alone

  private static func surface() -> PaperFigure {
    let shares = (0...50).map { Double($0) / 50 }
    let gains = (0...66).map { 1 + Double($0) * 1.5 }
    var values: [Double] = []
    var csv = "gamma,p,speedup\n"
    for gain in gains {
      for share in shares {
        values.append(NaiveModel.speedup(share: share, gain: gain))
        csv += "\(gain),\(share),\(values[values.count - 1])\n"
      }
    }
    let map = HeatMap(xs: shares, ys: gains, values: values, contours: [1.5, 2, 3, 5, 10, 20, 50])
    let chart = Chart(
      title: "S_n = 1 / (p + (1 - p) / γ)", x: Axis("share of system calls p"), y: Axis("gain γ"),
      layers: [Layer("", .heatMap(map))], note: "speedup")
    return PaperFigure(
      2, "simple model over p and gain", published: "the equation", ours: "drawn as a map, not as a surface",
      columns: 1, panels: [chart], csv: csv)
  }

  private static func benchmarks(_ gains: SweepAxis) -> PaperFigure {
    var csv = "benchmark,gamma,speedup\n"
    let layers = PublishedData.benchmarks.map { benchmark in
      let points = gains.values.map { gain in
        PlotPoint(gain, NaiveModel.speedup(share: benchmark.share, gain: gain))
      }
      for point in points { csv += "\(benchmark.name),\(point.x),\(point.y)\n" }
      return Layer("\(benchmark.name), p = \(NumberText.significant(benchmark.share * 100)) %", .line(points))
    }
    let chart = Chart(title: "Simple model", x: gains.plotAxis, y: Axis("speedup"), layers: layers)
    return PaperFigure(
      3, "simple model of SPEC benchmarks over gain", published: "equation and all p (Table I)",
      ours: "nothing",
      columns: 1, panels: [chart], csv: csv)
  }

  // MARK: - From profiles

  private static func curves(
    _ number: Int, _ title: String, _ profiles: [(name: String, profile: Profile)], _ setup: Setup,
    _ x: SweepAxis,
    published: String
  ) throws(InputError) -> PaperFigure {
    var panels: [Chart] = []
    var csv = "policy,program,\(x.parameter.rawValue),speedup,low5,high95\n"
    for (name, policy) in policies {
      var layers: [Layer] = []
      for (program, profile) in profiles {
        let sweep = try Sweep(
          RefinedModel(profile, setup), policy: policy, share: PublishedData.forwardedShare, x: x, draws: 100)
        layers.append(Layer(program, .line(sweep.points(sweep.speedups))))
        for (index, value) in x.values.enumerated() {
          let band = sweep.bands.isEmpty ? "," : "\(sweep.bands[index].low),\(sweep.bands[index].high)"
          csv += "\(name),\(CSVLine.field(program)),\(value),\(sweep.speedups[index]),\(band)\n"
        }
      }
      let note = name == "random" ? "median of 100 draws; the data file has the 5-95 % band" : ""
      panels.append(Chart(title: name, x: x.plotAxis, y: Axis("speedup"), layers: layers, note: note))
    }
    return PaperFigure(
      number, title, published: published, ours: shapes, columns: 3, panels: panels, csv: csv)
  }

  private static func maps(
    _ number: Int, _ title: String, _ profiles: [(name: String, profile: Profile)], _ setup: Setup,
    x: SweepAxis,
    y: SweepAxis, published: String
  ) throws(InputError) -> PaperFigure {
    var panels: [Chart] = []
    var csv = "program,\(x.parameter.rawValue),\(y.parameter.rawValue),speedup\n"
    for (program, profile) in profiles {
      let sweep = try Sweep(
        RefinedModel(profile, setup), policy: .leastFrequent, share: PublishedData.forwardedShare, x: x, y: y)
      panels.append(sweep.chart(title: program))
      csv += sweep.csv().split(separator: "\n").dropFirst().map { "\(CSVLine.field(program)),\($0)\n" }
        .joined()
    }
    return PaperFigure(
      number, title, published: published, ours: shapes, columns: 2, panels: panels, csv: csv)
  }

  private static func distribution(_ profiles: [(name: String, profile: Profile)]) -> PaperFigure {
    var csv = "program,rank,call,share,cumulative\n"
    let layers = profiles.map { program, profile in
      let distribution = CallDistribution(profile)
      for (index, entry) in distribution.entries.enumerated() {
        csv +=
          "\(CSVLine.field(program)),\(index + 1),\(entry.call.name),\(entry.share),\(entry.cumulative)\n"
      }
      return distribution.layer(program)
    }
    return PaperFigure(
      6, "profiles of system calls", published: "the form of the figure", ours: shapes, columns: 1,
      panels: [CallDistribution.chart(layers)], csv: csv)
  }
}
