/// Lengths of time as people write them: `10us`, `1.5ms`, `2s`.
public enum DurationText {
  /// The units, longest name first where one ends in another.
  private static let units: [(name: String, seconds: Double)] = [
    ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("min", 60), ("s", 1),
  ]

  /// Seconds written in `text`; a number without unit is refused, for it could be any.
  ///
  /// 0 needs none.
  public static func seconds(_ text: String, option: String) throws(InputError) -> Double {
    if text == "0" { return 0 }
    for unit in units where text.hasSuffix(unit.name) {
      let number = text.dropLast(unit.name.count)
      // Double(_:) also takes "nan", "inf" and hexadecimal; a duration is plain digits.
      if number.allSatisfy({ "0123456789.eE+-".contains($0) }), let value = Double(number), value.isFinite,
        value >= 0, value * unit.seconds <= 1e9
      {
        return value * unit.seconds
      }
    }
    throw InputError(
      option, found: InputError.quoted(text),
      allowed: "a number from 0 with a unit ns, us, ms, s or min, such as 10us or 1.5ms")
  }

  /// A share such as `20%` or `0.2`, 0...1.
  public static func share(_ text: String, option: String) throws(InputError) -> Double {
    let isPercent = text.hasSuffix("%")
    let number = isPercent ? text.dropLast() : text[...]
    if number.allSatisfy({ "0123456789.eE+-".contains($0) }), let value = Double(number) {
      let share = isPercent ? value / 100 : value
      if (0...1).contains(share) { return share }
    }
    throw InputError(
      option, found: InputError.quoted(text), allowed: "a share from 0 to 1 or 0% to 100%, such as 20% or 0.2"
    )
  }
}
