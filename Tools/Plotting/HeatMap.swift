/// Values over a rectangular grid, row by row from the smallest `ys` up.
public struct HeatMap: Sendable {
  /// Centres of the columns, increasing.
  public let xs: [Double]
  /// Centres of the rows, increasing.
  public let ys: [Double]
  /// `values[row * xs.count + column]`.
  public let values: [Double]
  /// Values at which contour lines are drawn and labelled.
  public let contours: [Double]
  /// The smallest and the largest finite value; 0...1 when there is none.
  public let valueRange: ClosedRange<Double>
  /// Whether equal ratios, in place of equal differences, are equally many shades apart: where the largest value is
  /// more than thirty times the smallest, and that is above 0.
  public let isLogarithmic: Bool
  /// The values from the lightest shade to the darkest; on a logarithmic scale two decades at most, for more would
  /// leave the upper ones all alike.
  let shadeRange: ClosedRange<Double>

  /// A grid of values.
  ///
  /// - Precondition: `values.count == xs.count * ys.count`, and neither side is empty.
  public init(xs: [Double], ys: [Double], values: [Double], contours: [Double] = []) {
    precondition(
      !xs.isEmpty && !ys.isEmpty && values.count == xs.count * ys.count, "a grid needs all its values")
    self.xs = xs
    self.ys = ys
    self.values = values
    self.contours = contours
    let finite = values.filter(\.isFinite)
    valueRange = (finite.min() ?? 0)...(finite.max() ?? 1)
    isLogarithmic = valueRange.lowerBound > 0 && valueRange.upperBound / 30 > valueRange.lowerBound
    let lightest =
      isLogarithmic ? max(valueRange.lowerBound, valueRange.upperBound / 100) : valueRange.lowerBound
    shadeRange = lightest...valueRange.upperBound
  }

  /// How dark `value` is drawn, from 0 for the lightest to 1 for the darkest; `nil` where it is not finite.
  func shade(of value: Double) -> Double? {
    guard value.isFinite else { return nil }
    guard shadeRange.lowerBound < shadeRange.upperBound else { return 0 }
    return Axis("", scale: isLogarithmic ? .logarithmic : .linear)
      .fraction(max(value, shadeRange.lowerBound), in: shadeRange)
  }

  /// What the lightest and the darkest shade stand for.
  var shadeLabels: (light: String, dark: String) {
    let isCut = shadeRange.lowerBound > valueRange.lowerBound
    return (
      (isCut ? "≤ " : "") + NumberText.significant(shadeRange.lowerBound, digits: 3),
      NumberText.significant(shadeRange.upperBound, digits: 3) + (isLogarithmic ? " (logarithmic)" : "")
    )
  }

  /// The value of the cell whose centre is nearest to (`x`, `y`).
  func value(nearX x: Double, y: Double) -> Double {
    func nearest(_ centres: [Double], _ place: Double) -> Int {
      let above = centres.firstIndex { $0 >= place } ?? centres.count - 1
      return above > 0 && place - centres[above - 1] < centres[above] - place ? above - 1 : above
    }
    return values[nearest(ys, y) * xs.count + nearest(xs, x)]
  }
}
