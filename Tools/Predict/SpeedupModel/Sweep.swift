/// What a sweep can vary.
public enum SweepParameter: String, Sendable, CaseIterable {
  /// γ.
  case gain = "gamma"
  /// f_c, seconds.
  case forwardingCost = "fc"
  /// The share of distinct calls that is forwarded.
  case share
  /// Threads that compute.
  case cores
  /// Threads that serve forwarded calls.
  case delegates

  /// The words beside an axis.
  public var label: String {
    switch self {
    case .gain: "gain γ"
    case .forwardingCost: "forwarding cost f_c (s)"
    case .share: "forwarded calls"
    case .cores: "cores of the light kernel"
    case .delegates: "delegate threads"
    }
  }
}

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
  /// Forwarding costs are logarithmic unless `linear` is written; whole parameters take every whole number unless
  /// a count is given.
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
    var count = isWhole ? min(1000, Int(high - low) + 1) : 50
    if parts.count == 3 {
      guard let given = Int(parts[2]), (2...1000).contains(given) else {
        throw InputError(option, found: InputError.quoted(parts[2]), allowed: "a count from 2 to 1000")
      }
      count = given
    }
    self.init(parameter, from: low, to: high, count: count, isLogarithmic: isLogarithmic)
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

/// Speedups over one or two parameters.
public struct Sweep: Sendable, Equatable {
  /// The columns.
  public let x: SweepAxis
  /// The rows; `nil` for a single row.
  public let y: SweepAxis?
  /// `speedups[row * x.values.count + column]`; with a random policy the median of the draws.
  public private(set) var speedups: [Double] = []
  /// For a random policy the band of every cell, else empty.
  public private(set) var bands: [RandomBand] = []

  /// Evaluates `model` with one or two of its parameters varied; the policy forwards `share` of the calls
  /// unless that varies too.
  public init(
    _ model: RefinedModel, policy: Policy, share: Double, x: SweepAxis, y: SweepAxis? = nil, draws: Int = 200
  )
    throws(InputError)
  {
    self.x = x
    self.y = y
    if let y, y.parameter == x.parameter {
      throw InputError(
        "--y", found: "\(y.parameter.rawValue) on both axes", allowed: "two different parameters")
    }
    // The choice depends on the share alone, except that the best choice knows the forwarding cost.
    var known: [Double: RefinedModel.Totals] = [:]
    for row in y?.values ?? [0] {
      for column in x.values {
        var cell = model
        var cellShare = share
        Self.apply(x.parameter, column, &cell.setup, &cellShare)
        if let y { Self.apply(y.parameter, row, &cell.setup, &cellShare) }
        try cell.setup.check(place: "sweep")
        if case .random(let seed) = policy {
          let band = RandomBand(cell, share: cellShare, seed: seed, draws: draws)
          bands.append(band)
          speedups.append(band.median)
        } else if let totals = known[cellShare], policy != .best {
          speedups.append(cell.predict(totals).speedup)
        } else {
          let totals = cell.totals(delegated: policy.marks(for: cell, share: cellShare))
          known[cellShare] = totals
          speedups.append(cell.predict(totals).speedup)
        }
      }
    }
  }

  private static func apply(
    _ parameter: SweepParameter, _ value: Double, _ setup: inout Setup, _ share: inout Double
  ) {
    switch parameter {
    case .gain: setup.gain = value
    case .forwardingCost: setup.forwardingCost = value
    case .share: share = value
    case .cores: setup.delegators = Int(value)
    case .delegates: setup.delegates = Int(value)
    }
  }
}
