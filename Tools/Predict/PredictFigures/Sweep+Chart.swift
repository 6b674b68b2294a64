import Plotting
import SpeedupModel

extension Sweep {
  /// The sweep as one chart: a curve for one parameter, a map with contours for two.
  public func chart(title: String, note: String = "") -> Chart {
    guard let y else {
      var layers = [Layer("", .line(points(speedups)))]
      if !bands.isEmpty {
        layers = [
          Layer("median of random choices", .line(points(speedups))),
          Layer("5 % to 95 %", .band(lower: points(bands.map(\.low)), upper: points(bands.map(\.high)))),
        ]
      }
      return Chart(title: title, x: x.plotAxis, y: Axis("speedup"), layers: layers, note: note)
    }
    let map = HeatMap(xs: x.values, ys: y.values, values: speedups, contours: Self.levels(speedups))
    return Chart(
      title: title, x: x.plotAxis, y: y.plotAxis, layers: [Layer("", .heatMap(map))],
      note: note.isEmpty ? "speedup" : note)
  }

  /// The values over the horizontal parameter as points.
  public func points(_ values: [Double]) -> [PlotPoint] { zip(x.values, values).map { PlotPoint($0, $1) } }

  /// Round levels for contours: 1, 2 and 5 times powers of ten within the data, at most eight.
  static func levels(_ values: [Double]) -> [Double] {
    let finite = values.filter { $0.isFinite && $0 > 0 }
    guard let low = finite.min(), let high = finite.max(), high > low else { return [] }
    var levels: [Double] = []
    var power = 1e-6
    while power <= 1e6 {
      levels += [1, 2, 5].map { $0 * power }.filter { $0 > low && $0 < high }
      power *= 10
    }
    return levels.count > 8 ? levels.suffix(8) : levels
  }
}

extension SweepAxis {
  /// The axis of a chart of this sweep.
  public var plotAxis: Axis {
    let scale: AxisScale = isLogarithmic ? .logarithmic : .linear
    switch parameter {
    case .forwardingCost: return Axis(parameter.label, scale: scale, ticks: .engineering(unit: "s"))
    case .share: return Axis(parameter.label, scale: scale, ticks: .percent)
    default: return Axis(parameter.label, scale: scale)
    }
  }

  /// A value of this axis as a user would write it.
  public func text(of value: Double) -> String {
    switch parameter {
    case .forwardingCost: NumberText.engineering(value) + "s"
    case .share: NumberText.significant(value * 100) + "%"
    case .gain, .cores, .delegates: NumberText.significant(value)
    }
  }
}
