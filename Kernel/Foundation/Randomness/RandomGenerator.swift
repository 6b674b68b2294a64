/// Random bytes for programs: ChaCha20 as a generator (RFC 8439 for the block function).
///
/// Each request makes a new key out of the first block and gives the blocks after it out, so that whoever learns
/// the state later can't compute what was given out before. What is mixed in decides how good it is: the kernel
/// gives what the processor offers.

/// A generator of random bytes.
public struct RandomGenerator: BitwiseCopyable {
  private var state: InlineArray<16, UInt32>
  /// Whether anything has been mixed in.
  public private(set) var isSeeded = false

  /// Makes a generator that gives out a fixed sequence until something is mixed in.
  public init() {
    state = .init(repeating: 0)
    state[0] = 0x6170_7865  // "expand 32-byte k"
    state[1] = 0x3320_646E
    state[2] = 0x7962_2D32
    state[3] = 0x6B20_6574
  }

  /// Mixes 64 bits into the key.
  @export(interface)
  public mutating func mix(_ value: UInt64) {
    isSeeded = true
    state[4] ^= UInt32(truncatingIfNeeded: value)
    state[5] ^= UInt32(truncatingIfNeeded: value >> 32)
    renewKey()
  }

  /// Fills `buffer` with random bytes.
  @export(interface)
  public mutating func fill(_ buffer: inout MutableSpan<UInt8>) {
    renewKey()
    var index = 0
    while index < buffer.count {
      let block = nextBlock()
      for byte in 0..<min(64, buffer.count - index) {
        buffer[index] = UInt8(truncatingIfNeeded: block[byte / 4] >> UInt32(8 * (byte % 4)))
        index += 1
      }
    }
    renewKey()
  }

  /// A random number.
  @export(interface)
  public mutating func next() -> UInt64 {
    let block = nextBlock()
    renewKey()
    return UInt64(block[0]) | UInt64(block[1]) << 32
  }

  private mutating func renewKey() {
    let block = nextBlock()
    for index in 0..<8 { state[4 + index] = block[index] }
  }

  private mutating func nextBlock() -> InlineArray<16, UInt32> {
    let block = Self.block(state)
    state[12] &+= 1
    if state[12] == 0 { state[13] &+= 1 }
    return block
  }

  // MARK: - ChaCha20

  /// The block function of a state of sixteen words.
  public static func block(_ state: InlineArray<16, UInt32>) -> InlineArray<16, UInt32> {
    var words = state
    for _ in 0..<10 {
      quarter(&words, 0, 4, 8, 12)
      quarter(&words, 1, 5, 9, 13)
      quarter(&words, 2, 6, 10, 14)
      quarter(&words, 3, 7, 11, 15)
      quarter(&words, 0, 5, 10, 15)
      quarter(&words, 1, 6, 11, 12)
      quarter(&words, 2, 7, 8, 13)
      quarter(&words, 3, 4, 9, 14)
    }
    for index in 0..<16 { words[index] &+= state[index] }
    return words
  }

  @inline(never)
  private static func quarter(_ words: inout InlineArray<16, UInt32>, _ a: Int, _ b: Int, _ c: Int, _ d: Int)
  {
    words[a] &+= words[b]
    words[d] = rotate(words[d] ^ words[a], 16)
    words[c] &+= words[d]
    words[b] = rotate(words[b] ^ words[c], 12)
    words[a] &+= words[b]
    words[d] = rotate(words[d] ^ words[a], 8)
    words[c] &+= words[d]
    words[b] = rotate(words[b] ^ words[c], 7)
  }

  @inline(__always)
  private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 {
    value << count | value >> (32 - count)
  }
}
