/// A mark on an axis: where it stands and what is written there.
struct Tick: Equatable {
  var value: Double
  /// Empty for a minor mark.
  var label: String
}

extension Axis {
  /// Marks for `range`: names, decades, or steps of 1, 2 or 5 times a power of ten, about `wanted` of them.
  func tickMarks(in range: ClosedRange<Double>, wanted: Int = 6) -> [Tick] {
    if !names.isEmpty {
      return names.enumerated().filter { range.contains(Double($0.offset)) }
        .map { Tick(value: Double($0.offset), label: $0.element) }
    }
    let values =
      scale == .linear
      ? linearTicks(in: range, wanted: wanted) : logarithmicTicks(in: range, wanted: wanted)
    return values.map { Tick(value: $0, label: text(for: $0)) }
  }

  /// The label of the mark at `value`.
  func text(for value: Double) -> String {
    switch ticks {
    case .plain: NumberText.significant(value)
    case .engineering(let unit): value == 0 ? "0" : NumberText.engineering(value) + unit
    case .percent: NumberText.significant(value * 100) + "%"
    }
  }

  private func linearTicks(in range: ClosedRange<Double>, wanted: Int) -> [Double] {
    let raw = (range.upperBound - range.lowerBound) / Double(max(wanted, 1))
    guard raw > 0, raw.isFinite else { return [range.lowerBound] }
    let exponent = NumberText.decimalExponent(raw)
    let power = NumberText.powerOfTen(exponent)
    let factor = raw / power
    let step = (factor <= 1.5 ? 1.0 : factor <= 3.5 ? 2.0 : factor <= 7.5 ? 5.0 : 10.0) * power
    // Multiples of the step by integer index: adding the step again and again would drift off zero.
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard last >= first, last - first < 100 else { return [range.lowerBound, range.upperBound] }
    return stride(from: first, through: last, by: 1).map { index in
      exponent < 0 ? index * (step / power) / NumberText.powerOfTen(-exponent) : index * step
    }
  }

  private func logarithmicTicks(in range: ClosedRange<Double>, wanted: Int) -> [Double] {
    let low = NumberText.decimalExponent(range.lowerBound * (1 + 1e-12))
    let high = NumberText.decimalExponent(range.upperBound * (1 + 1e-12))
    let decades = high - low
    let factors: [Double] = decades <= 1 ? [1, 2, 5] : [1]
    let every = max(1, (decades + wanted - 1) / max(wanted, 1))
    var values: [Double] = []
    for exponent in low...high where decades <= 1 || exponent.isMultiple(of: every) {
      for factor in factors {
        let value = factor * NumberText.powerOfTen(exponent)
        if value >= range.lowerBound * (1 - 1e-9), value <= range.upperBound * (1 + 1e-9) {
          values.append(value)
        }
      }
    }
    return values
  }
}
