/// One direction of a sweep: a parameter and the values it takes, in increasing order.
public struct SweepAxis: Sendable, Equatable {
  /// What varies.
  public var parameter: SweepParameter
  /// The values, increasing.
  public var values: [Double]
  /// Whether the values are spaced by equal ratios.
  public var isLogarithmic: Bool

  /// An axis over given values.
  public init(_ parameter: SweepParameter, values: [Double], isLogarithmic: Bool = false) {
    self.parameter = parameter
    self.values = values
    self.isLogarithmic = isLogarithmic
  }

  /// `count` values from `low` to `high`.
  public init(_ parameter: SweepParameter, from low: Double, to high: Double, count: Int, isLogarithmic: Bool)
  {
    // The ends are given exactly, so that a table shows the bounds the user wrote.
    self.init(
      parameter,
      values: (0..<count).map { index in
        if index == 0 || count == 1 { return low }
        if index == count - 1 { return high }
        let fraction = Double(index) / Double(count - 1)
        return isLogarithmic ? SweepAxis.geometric(low, high, fraction) : low + (high - low) * fraction
      }, isLogarithmic: isLogarithmic)
  }

  /// The axis a user wrote as `gamma=1:100:50`, `fc=1ns:10s:200:log` or `share=0%:100%:21`.
  ///
  /// Forwarding costs are logarithmic unless `linear` is written. Without a count the values are round, and whole
  /// parameters take every whole number.
  public init(parsing text: String, option: String) throws(InputError) {
    let form =
      "NAME=FROM:TO[:COUNT][:log|:linear] with NAME one of "
      + SweepParameter.allCases.map(\.rawValue).joined(separator: ", ")
    func refuse(_ found: some StringProtocol) -> InputError {
      InputError(option, found: InputError.quoted(found), allowed: form)
    }
    let sides = text.split(separator: "=", omittingEmptySubsequences: false)
    guard sides.count == 2, let parameter = SweepParameter(rawValue: String(sides[0])) else {
      throw refuse(text)
    }
    var parts = sides[1].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    var isLogarithmic = parameter == .forwardingCost
    if let last = parts.last, last == "log" || last == "linear" {
      isLogarithmic = last == "log"
      parts.removeLast()
    }
    guard parts.count == 2 || parts.count == 3 else { throw refuse(text) }
    let low = try Self.bound(parts[0], parameter, option)
    let high = try Self.bound(parts[1], parameter, option)
    let isWhole = parameter == .cores || parameter == .delegates
    guard low < high, !isLogarithmic || low > 0 else {
      throw InputError(
        option, found: InputError.quoted(text), allowed: "FROM below TO, and above 0 on a logarithmic axis")
    }
    if parts.count == 3 {
      guard let count = Int(parts[2]), (2...1000).contains(count) else {
        throw InputError(option, found: InputError.quoted(parts[2]), allowed: "a count from 2 to 1000")
      }
      self.init(parameter, from: low, to: high, count: count, isLogarithmic: isLogarithmic)
    } else if isWhole {
      let count = min(1000, Int(high - low) + 1)
      self.init(parameter, from: low, to: high, count: count, isLogarithmic: isLogarithmic)
    } else {
      self.init(
        parameter, values: RoundValues.between(low, high, isLogarithmic: isLogarithmic),
        isLogarithmic: isLogarithmic)
    }
    if isWhole {
      values = values.map { $0.rounded() }
      values = values.enumerated().filter { $0.offset == 0 || values[$0.offset - 1] != $0.element }.map(
        \.element)
    }
  }

  private static func bound(_ text: String, _ parameter: SweepParameter, _ option: String) throws(InputError)
    -> Double
  {
    switch parameter {
    case .forwardingCost: return try DurationText.seconds(text, option: option)
    case .share: return try DurationText.share(text, option: option)
    case .gain:
      guard text.allSatisfy({ "0123456789.eE+-".contains($0) }), let value = Double(text), value > 0,
        value <= 1e9
      else {
        throw InputError(option, found: InputError.quoted(text), allowed: "a gain above 0, at most 1e9")
      }
      return value
    case .cores, .delegates:
      guard let value = Int(text), (1...4096).contains(value) else {
        throw InputError(option, found: InputError.quoted(text), allowed: "a whole number from 1 to 4096")
      }
      return Double(value)
    }
  }
}
