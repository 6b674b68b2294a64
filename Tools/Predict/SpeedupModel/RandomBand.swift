/// The speedups of many random choices.
public struct RandomBand: Sendable, Equatable {
  /// A twentieth of the choices is slower.
  public var low: Double
  /// Half of the choices are slower.
  public var median: Double
  /// A twentieth of the choices is faster.
  public var high: Double

  /// The band of `draws` choices of `share` of the calls, with seeds counted up from `seed`.
  public init(_ model: RefinedModel, share: Double, seed: UInt64, draws: Int) {
    self.init(model, of: Self.choices(model, share: share, seed: seed, draws: draws))
  }

  /// The band of choices made before, by `choices` with the same profile and local factors.
  init(_ model: RefinedModel, of choices: [RefinedModel.Totals]) {
    let speedups = choices.map { model.predict($0).speedup }.sorted()
    low = Statistics.quantile(sorted: speedups, 0.05)
    median = Statistics.quantile(sorted: speedups, 0.5)
    high = Statistics.quantile(sorted: speedups, 0.95)
  }

  /// What the calls add up to in each of `draws` choices.
  static func choices(
    _ model: RefinedModel, share: Double, seed: UInt64, draws: Int
  ) -> [RefinedModel.Totals] {
    var seeds = SeededGenerator(seed: seed)
    return (0..<max(1, draws)).map { _ in
      model.totals(delegated: Policy.random(seed: seeds.next()).marks(for: model, share: share))
    }
  }
}
