/// How often a benchmark's kernel is booted.

/// When there have been runs enough.
public enum Repetition: Sendable, Equatable {
  /// This many runs.
  case count(Int)
  /// Until the spread between runs is known, but at most this many: until three runs in a row have had every median
  /// within what was seen before.
  case untilSpreadIsKnown(most: Int)

  /// Whether there have been enough, given each result's medians in the order of the runs.
  public func isEnough(runs: Int, medians: [[Int]]) -> Bool {
    switch self {
    case .count(let count): return runs >= count
    case .untilSpreadIsKnown(let most):
      guard runs < most else { return true }
      guard runs >= Self.confirmations + 2 else { return false }
      return medians.allSatisfy { medians in
        let earlier = medians.dropLast(Self.confirmations)
        guard let low = earlier.min(), let high = earlier.max() else { return false }
        return medians.suffix(Self.confirmations).allSatisfy { (low...high).contains($0) }
      }
    }
  }

  static let confirmations = 3
}
