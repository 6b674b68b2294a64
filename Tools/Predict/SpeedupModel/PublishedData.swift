// Figures printed in B. R. Tauro, C. Liu, K. C. Hale, "Modeling Speedup in Multi-OS Environments" (MASCOTS 2019).

/// A benchmark of the paper's Table I.
public struct PublishedBenchmark: Sendable, Equatable {
  /// The name printed in the table.
  public var name: String
  /// What it computes.
  public var summary: String
  /// p: share of the run in the kernel, from `time` (so an overestimate of the share of system calls).
  public var share: Double
}

/// What the paper prints as numbers.
public enum PublishedData {
  /// Table I.
  ///
  /// Only p is published; call counts and times are not.
  public static let benchmarks = [
    PublishedBenchmark(name: "gcc_linux_k", summary: "Linux kernel compilation", share: 0.1223),
    PublishedBenchmark(name: "rom_s", summary: "regional ocean model", share: 0.0727),
    PublishedBenchmark(name: "bwaves_s", summary: "blast wave simulation", share: 0.0287),
    PublishedBenchmark(name: "fotonik3d_s", summary: "computational electromagnetics", share: 0.0195),
    PublishedBenchmark(name: "gcc_r", summary: "code generation for IA-32", share: 0.014),
    PublishedBenchmark(name: "deepsjeng_r", summary: "chess engine, tree search", share: 0.0112),
    PublishedBenchmark(name: "bzip2", summary: "compression", share: 0.0048),
    PublishedBenchmark(name: "mcf_r", summary: "combinatorial optimisation", share: 0.0031),
  ]
  /// Figures 4 and 8: seconds to forward one way.
  public static let forwardingCost = 10e-6
  /// Figures 4, 5 and 9: the share of distinct calls that is forwarded.
  public static let forwardedShare = 0.2
  /// Figures 7 and 9: γ.
  public static let gain = 10.0
  /// Section IV: the largest forwarding overhead measured with the authors' tracer, in seconds.
  public static let measuredForwardingCost = 40e-6
  /// Section IV, figure 11: bzip2's loss when its most frequent calls are forwarded.
  public static let worstSlowdown = 0.06
  /// Section IV, figure 13: error of the refined model at γ = 2.
  public static let errorAtGainTwo = 0.09
}
