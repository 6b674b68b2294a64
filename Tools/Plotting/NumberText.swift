// Numbers as text, the same on every host and in every locale.
//
// Golden files compare whole charts byte for byte, so nothing here asks the C library, the locale or the
// shortest-round-trip printer for more digits than a chart needs. Coordinates get two decimals; tick labels get
// as many as the step between ticks needs.

/// Writes numbers for charts: plain decimal text, a point as separator, never an exponent in coordinates.
public enum NumberText {
  /// A coordinate in pixels with at most two decimals and no trailing zeros.
  ///
  /// Not-a-number becomes 0.
  public static func coordinate(_ value: Double) -> String { fixed(value, decimals: 2, trimmed: true) }

  /// `value` rounded half away from zero to `decimals` (0...9) digits behind the point.
  ///
  /// Values beyond ±9e9 are limited to that: they cannot be seen on a chart, and must not trap.
  public static func fixed(_ value: Double, decimals: Int, trimmed: Bool = false) -> String {
    guard value.isFinite || value.isInfinite else { return "0" }
    let limited = min(max(value, -9e9), 9e9)
    var power: Int64 = 1
    for _ in 0..<min(max(decimals, 0), 9) { power *= 10 }
    let scaled = Int64((limited.magnitude * Double(power)).rounded(.toNearestOrAwayFromZero))
    var digits = String(scaled % power)
    digits =
      String(repeating: "0", count: min(max(decimals, 0), 9) - (power == 1 ? 0 : digits.count)) + digits
    var text = String(scaled / power)
    if power > 1 {
      if trimmed { while digits.hasSuffix("0") { digits.removeLast() } }
      if !digits.isEmpty { text += "." + digits }
    }
    return limited < 0 && scaled != 0 ? "-" + text : text
  }

  /// A number with `digits` significant digits, as a reader would write it: `0.0123`, `1.5`, `2300`,
  /// `1.2e12`.
  public static func significant(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : (value < 0 ? "-inf" : "inf") }
    guard value != 0 else { return "0" }
    var exponent = decimalExponent(value.magnitude)
    // In two steps: 10 to the power of -324, for the smallest numbers, is zero.
    var mantissa = value.magnitude / powerOfTen(exponent / 2) / powerOfTen(exponent - exponent / 2)
    let unit = powerOfTen(digits - 1)
    mantissa = (mantissa * unit).rounded(.toNearestOrAwayFromZero) / unit
    if mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    let sign = value < 0 ? "-" : ""
    if exponent >= 9 || exponent < -5 {
      return sign + fixed(mantissa, decimals: digits - 1, trimmed: true) + "e" + String(exponent)
    }
    return sign
      + fixed(mantissa * powerOfTen(exponent), decimals: max(0, digits - 1 - exponent), trimmed: true)
  }

  /// A tick label with the prefix an engineer would use: `10n`, `2.5µ`, `3`, `40k`, `1M`.
  public static func engineering(_ value: Double, digits: Int = 3) -> String {
    guard value.isFinite, value != 0 else { return significant(value, digits: digits) }
    let prefixes = ["p", "n", "µ", "m", "", "k", "M", "G", "T"]
    let exponent = decimalExponent(value.magnitude * (1 + 1e-12))
    let group = Int((Double(exponent) / 3).rounded(.down))
    guard (-4...4).contains(group) else { return significant(value, digits: digits) }
    return significant(value / powerOfTen(3 * group), digits: digits) + prefixes[group + 4]
  }

  /// The largest `e` with 10^e <= `value`, for a positive finite value.
  static func decimalExponent(_ value: Double) -> Int {
    var exponent = 0
    var rest = value
    while rest >= 10 {
      rest /= 10
      exponent += 1
    }
    // A subnormal number takes some 320 turns; a chart has few of those.
    while rest < 1 {
      rest *= 10
      exponent -= 1
    }
    return exponent
  }

  /// 10 to the power of `exponent`, by multiplication, so that every host agrees.
  static func powerOfTen(_ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<exponent.magnitude { result *= 10 }
    return exponent < 0 ? 1 / result : result
  }
}
