/// Random words, one at a time.

/// A stock of a generator's bytes: making many at once costs little more than making one word.
public struct RandomWords: BitwiseCopyable {
  private var generator = RandomGenerator()
  private var bytes: InlineArray<256, UInt8> = .init(repeating: 0)
  private var left = 0

  /// Makes a stock that gives out a fixed sequence until something is mixed in.
  public init() {}

  /// Mixes 64 bits into the key; what is in stock is given out first.
  public mutating func mix(_ value: UInt64) { generator.mix(value) }

  /// A random word.
  ///
  /// - Parameter value: what is mixed in when a new stock is made.
  public mutating func next(mixing value: () -> UInt64) -> UInt32 {
    if left == 0 { restock(value()) }
    left -= 4
    var word: UInt32 = 0
    // Given out once, then forgotten.
    for index in left..<left + 4 {
      word = word << 8 | UInt32(bytes[index])
      bytes[index] = 0
    }
    return word
  }

  @inline(never)
  private mutating func restock(_ value: UInt64) {
    generator.mix(value)
    var span = bytes.mutableSpan
    generator.fill(&span)
    left = bytes.count
  }
}
