/// Random numbers that a printed seed brings back (SplitMix64, Steele and others 2014).
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  /// Begins the sequence of a seed.
  public init(seed: UInt64) { state = seed }
  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  /// A number from 0 up to but not including a bound.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  /// Whether something that happens so many times in a hundred happens.
  public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}
