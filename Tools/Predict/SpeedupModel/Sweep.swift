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
    var choices = KnownChoices(policy: policy, draws: draws)
    speedups.reserveCapacity(x.values.count * (y?.values.count ?? 1))
    for row in y?.values ?? [0] {
      for column in x.values {
        var cell = model
        var cellShare = share
        Self.apply(x.parameter, column, &cell.setup, &cellShare)
        if let y { Self.apply(y.parameter, row, &cell.setup, &cellShare) }
        try cell.setup.check(place: "sweep")
        let totals = choices.totals(cell, share: cellShare)
        if case .random = policy {
          let band = RandomBand(cell, of: totals)
          bands.append(band)
          speedups.append(band.median)
        } else {
          speedups.append(cell.predict(totals[0]).speedup)
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

/// What the calls add up to, once for each share: the choice depends on nothing else that a sweep varies, except
/// that the best choice knows the forwarding cost.
private struct KnownChoices {
  let policy: Policy
  let draws: Int
  private var known: [Double: [RefinedModel.Totals]] = [:]

  init(policy: Policy, draws: Int) {
    self.policy = policy
    self.draws = draws
  }

  /// The sums of each draw of a random policy; of any other, one.
  mutating func totals(_ cell: RefinedModel, share: Double) -> [RefinedModel.Totals] {
    if let totals = known[share], policy != .best { return totals }
    let totals =
      if case .random(let seed) = policy {
        RandomBand.choices(cell, share: share, seed: seed, draws: draws)
      } else {
        [cell.totals(delegated: policy.marks(for: cell, share: share))]
      }
    known[share] = totals
    return totals
  }
}
