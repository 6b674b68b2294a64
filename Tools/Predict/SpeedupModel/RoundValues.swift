/// Values a reader can name: multiples of 1, 2 or 5 times a power of ten, or 1, 2 and 5 of each decade.
enum RoundValues {
  /// No more values than this, but for the two bounds.
  private static let most = 60

  /// Round values from `low` to `high`, both of which belong to them as they are; increasing.
  ///
  /// - Precondition: `low < high`, both finite, and `low` above 0 where equal ratios are wanted.
  static func between(_ low: Double, _ high: Double, isLogarithmic: Bool) -> [Double] {
    let inner = isLogarithmic ? ratios(low, high) : steps(low, high)
    // A value that all but equals a bound would stand twice on a chart.
    let nearby = (high - low) * 1e-9
    return [low] + inner.filter { $0 > low + min(nearby, low * 1e-9) && $0 < high - nearby } + [high]
  }

  private static func steps(_ low: Double, _ high: Double) -> [Double] {
    for exponent in -12...12 {
      for factor in [1.0, 2, 5] {
        // Whole multiples over a whole divisor: a step such as 0.1, added again and again, drifts.
        let (multiplier, divisor) = scale(factor, exponent)
        let first = (low / multiplier * divisor).rounded(.up)
        let last = (high / multiplier * divisor).rounded(.down)
        guard last - first < Double(most) else { continue }
        guard first <= last else { return [] }
        return stride(from: first, through: last, by: 1).map { $0 * multiplier / divisor }
      }
    }
    return []
  }

  private static func ratios(_ low: Double, _ high: Double) -> [Double] {
    let fine = high / low <= 20 ? [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]] : []
    for factors in fine + [[1, 2, 5], [1.0]] {
      let values = (-15...15).flatMap { exponent in
        factors.map { factor in
          let (multiplier, divisor) = scale(factor, exponent)
          return multiplier / divisor
        }
      }.filter { (low...high).contains($0) }
      if values.count <= most { return values }
    }
    return []
  }

  /// `factor` · 10^`exponent` as a quotient of two exact numbers.
  private static func scale(_ factor: Double, _ exponent: Int) -> (multiplier: Double, divisor: Double) {
    var power = 1.0
    for _ in 0..<exponent.magnitude { power *= 10 }
    return exponent < 0 ? (factor, power) : (factor * power, 1)
  }
}
