/// SHA-256 (FIPS 180-4, section 6.2), a piece at a time and without allocating.
///
/// It names what the kernel was given, a ramdisk or a program, so that a person can compare it with the host's
/// `sha256sum`. It is not constant in time with respect to memory and keeps no secrets.

/// The 32 bytes that SHA-256 makes of a message.
public struct SHA256Digest: BitwiseCopyable, Equatable, Sendable {
  /// The number of bytes.
  public static var size: Int { 32 }

  /// The digest as eight big-endian words, first byte in the top bits of the first word.
  let words: InlineArray<8, UInt32>

  /// The byte at `index`, 0 to 31, in the order that `sha256sum` prints.
  public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < Self.size, "a digest has 32 bytes")
    return UInt8(truncatingIfNeeded: words[index >> 2] >> UInt32(24 - 8 * (index & 3)))
  }

  /// Whether all bytes agree.
  public static func == (lhs: Self, rhs: Self) -> Bool {
    var difference: UInt32 = 0
    for index in 0..<8 { difference |= lhs.words[index] ^ rhs.words[index] }
    return difference == 0
  }
}

/// A digest in the making: `update` any number of times, then `finished`.
///
/// - Invariant: the first `length % 64` bytes of `block` wait for the rest of their block.
public struct SHA256: BitwiseCopyable, Sendable {
  private var state: InlineArray<8, UInt32> = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
  ]
  private var block: InlineArray<16, UInt32> = .init(repeating: 0)
  private var length: UInt64 = 0

  /// Starts with the empty message.
  public init() {}

  /// The digest of one whole message.
  public static func digest(of bytes: Span<UInt8>) -> SHA256Digest {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finished()
  }

  /// Appends bytes to the message.
  @export(interface)
  public mutating func update(_ bytes: Span<UInt8>) {
    var index = 0
    while index < bytes.count {
      if length & 63 == 0, bytes.count - index >= 64 {
        for word in 0..<16 { block[word] = Self.word(of: bytes, at: index + 4 * word) }
        compress()
        length += 64
        index += 64
      } else {
        update(byte: bytes[index])
        index += 1
      }
    }
  }

  /// Appends one byte to the message, for data that is read a byte at a time.
  public mutating func update(byte: UInt8) {
    append(byte)
    length += 1
    if length & 63 == 0 { compress() }
  }

  /// The digest of all bytes so far.
  ///
  /// The value itself is not changed: more may follow.
  @export(interface)
  public func finished() -> SHA256Digest {
    var last = self
    let bits = length << 3
    last.update(byte: 0x80)
    while last.length & 63 != 56 { last.update(byte: 0) }
    last.block[14] = UInt32(truncatingIfNeeded: bits >> 32)
    last.block[15] = UInt32(truncatingIfNeeded: bits)
    last.compress()
    return SHA256Digest(words: last.state)
  }

  private mutating func append(_ byte: UInt8) {
    let position = Int(truncatingIfNeeded: length & 63)
    let word = position >> 2
    // The first byte of a word clears what the block before left there.
    let kept = position & 3 == 0 ? 0 : block[word]
    block[word] = kept | UInt32(byte) << UInt32(24 - 8 * (position & 3))
  }

  @inline(__always)
  private static func word(of bytes: Span<UInt8>, at index: Int) -> UInt32 {
    UInt32(bytes[index]) << 24 | UInt32(bytes[index + 1]) << 16 | UInt32(bytes[index + 2]) << 8
      | UInt32(bytes[index + 3])
  }

  /// Mixes `block` into `state`.
  ///
  /// The message schedule is kept in a window of its last 16 words.
  @export(interface)
  private mutating func compress() {
    var window = block
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for round in 0..<64 {
      if round >= 16 {
        window[round & 15] =
          window[round & 15] &+ window[(round + 9) & 15]
          &+ SHA256Functions.smallSigma0(window[(round + 1) & 15])
          &+ SHA256Functions.smallSigma1(window[(round + 14) & 15])
      }
      let first =
        h &+ SHA256Functions.bigSigma1(e) &+ SHA256Functions.choose(e, f, g)
        &+ SHA256Functions.constant(ofRound: round) &+ window[round & 15]
      let second = SHA256Functions.bigSigma0(a) &+ SHA256Functions.majority(a, b, c)
      (h, g, f, e) = (g, f, e, d &+ first)
      (d, c, b, a) = (c, b, a, first &+ second)
    }
    state[0] &+= a
    state[1] &+= b
    state[2] &+= c
    state[3] &+= d
    state[4] &+= e
    state[5] &+= f
    state[6] &+= g
    state[7] &+= h
  }
}
