/// What a benchmark's samples say.
public struct Distribution: Equatable, Sendable {
  /// The samples, ascending.
  public let sorted: [UInt64]

  /// Makes a distribution, or `nil` without samples.
  public init?(_ samples: [UInt64]) {
    guard !samples.isEmpty else { return nil }
    sorted = samples.sorted()
  }

  /// The smallest sample.
  public var minimum: UInt64 { sorted[0] }
  /// The largest sample.
  public var maximum: UInt64 { sorted[sorted.count - 1] }
  /// The middle sample; of two, the lower.
  public var median: UInt64 { quantile(1, of: 2) }
  /// The sample that 99 of 100 do not exceed.
  public var percentile99: UInt64 { quantile(99, of: 100) }
  /// Whether all samples are the same, as counts of instructions should be.
  public var isExact: Bool { minimum == maximum }

  /// The nearest-rank quantile: the smallest sample that at least `part` in `whole` samples do not exceed.
  private func quantile(_ part: Int, of whole: Int) -> UInt64 {
    sorted[max(0, (sorted.count * part + whole - 1) / whole - 1)]
  }
}
