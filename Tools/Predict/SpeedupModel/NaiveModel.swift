/// The paper's simple model: a share `p` of the run gains nothing, the rest becomes γ times faster.
public enum NaiveModel {
  /// S_n = 1 / (p + (1 - p) / γ), equation 3.
  ///
  /// `share` is p, 0...1; `gain` is γ > 0.
  public static func speedup(share: Double, gain: Double) -> Double { 1 / (share + (1 - share) / gain) }

  /// 1 / p: what no gain can exceed; infinite for p = 0.
  public static func limit(share: Double) -> Double { 1 / share }
}
