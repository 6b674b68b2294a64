/// The few statistics the tools report.
public enum Statistics {
  /// The value below which the share `q` (0...1) of `samples` lies, interpolated between neighbours; nan
  /// for none.
  public static func quantile(_ samples: [Double], _ q: Double) -> Double {
    quantile(sorted: samples.sorted(), q)
  }

  /// The same of samples that stand in increasing order.
  public static func quantile(sorted: [Double], _ q: Double) -> Double {
    guard !sorted.isEmpty else { return .nan }
    let position = min(max(q, 0), 1) * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }

  /// The middle value; nan for none.
  public static func median(_ samples: [Double]) -> Double { quantile(samples, 0.5) }

  /// The sum over the count; nan for none.
  public static func mean(_ samples: [Double]) -> Double {
    samples.isEmpty ? .nan : samples.reduce(0, +) / Double(samples.count)
  }
}
