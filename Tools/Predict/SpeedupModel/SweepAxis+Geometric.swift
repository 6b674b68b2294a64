#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension SweepAxis {
  /// The value a `fraction` of the way from `low` to `high` in equal ratios.
  static func geometric(_ low: Double, _ high: Double, _ fraction: Double) -> Double {
    low * pow(high / low, fraction)
  }
}
