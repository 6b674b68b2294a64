#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How a quantity is laid along one side of a chart.
public enum AxisScale: String, Sendable, CaseIterable {
  /// Equal distances are equal differences.
  case linear
  /// Equal distances are equal ratios; only positive values can be shown.
  case logarithmic = "log"
}

/// How tick labels are written.
public enum TickStyle: Sendable {
  /// Plain numbers.
  case plain
  /// With a metric prefix; `unit` follows it, as in `10µs`.
  case engineering(unit: String)
  /// The value is a fraction and is written in per cent.
  case percent
}

/// One side of a chart: what is measured, how it is laid out and which part is shown.
public struct Axis: Sendable {
  /// The words beside the axis, with the unit.
  public var label: String
  /// Linear or logarithmic.
  public var scale: AxisScale
  /// The part shown; `nil` takes it from the data.
  public var range: ClosedRange<Double>?
  /// How tick labels are written.
  public var ticks: TickStyle
  /// Names in place of numbers: the tick at position `i` has the `i`-th name.
  public var names: [String]

  /// An axis; without `range` it shows all data.
  public init(
    _ label: String, scale: AxisScale = .linear, range: ClosedRange<Double>? = nil, ticks: TickStyle = .plain,
    names: [String] = []
  ) {
    self.label = label
    self.scale = scale
    self.range = range
    self.ticks = ticks
    self.names = names
  }

  /// Whether `value` has a place on this axis.
  func canShow(_ value: Double) -> Bool { value.isFinite && (scale == .linear || value > 0) }

  /// The range to show for `values`: the fixed one, or a hull of the data that is never empty.
  func resolvedRange(_ values: some Sequence<Double>) -> ClosedRange<Double> {
    if let range, canShow(range.lowerBound), range.lowerBound < range.upperBound { return range }
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where canShow(value) {
      low = min(low, value)
      high = max(high, value)
    }
    guard low <= high else { return scale == .linear ? 0...1 : 1...10 }
    guard low == high else { return low...high }
    if scale == .logarithmic { return (low / 2)...(high * 2) }
    let margin = low == 0 ? 1 : low.magnitude / 2
    return (low - margin)...(high + margin)
  }

  /// The place of `value` in `range` as a fraction, 0 at the lower end; outside values fall outside 0...1.
  func fraction(_ value: Double, in range: ClosedRange<Double>) -> Double {
    switch scale {
    case .linear: (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    // Differences of logarithms: the ratio of a huge and a tiny number would overflow.
    case .logarithmic:
      (log(value) - log(range.lowerBound)) / (log(range.upperBound) - log(range.lowerBound))
    }
  }

  /// The value at a fraction of `range`; the inverse of `fraction(_:in:)`.
  func value(at fraction: Double, in range: ClosedRange<Double>) -> Double {
    switch scale {
    case .linear: range.lowerBound + fraction * (range.upperBound - range.lowerBound)
    case .logarithmic: range.lowerBound * pow(range.upperBound / range.lowerBound, fraction)
    }
  }
}
