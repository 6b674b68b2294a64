/// Cyclic redundancy checks of 32 bits, which find damage by accident, not by intent.
///
/// Half a byte at a time with a table of 16 words, which lies on the stack for the length of a call: a
/// `static let` table would be made at its first use, under a lock (Embedded Swift 6.3 does not lay out an
/// `InlineArray` as constant data).

/// CRC-32 as in IEEE 802.3, zip and PNG (polynomial 0x04C11DB7, reflected).
public struct CRC32: BitwiseCopyable, Sendable {
  private var register = CyclicRegister(polynomial: 0xEDB8_8320)

  /// Starts with the empty message.
  public init() {}

  /// The check of all bytes so far; more may follow.
  public var value: UInt32 { ~register.bits }

  /// Appends one byte to the message.
  public mutating func update(byte: UInt8) { register.shift(in: byte) }

  /// Appends bytes to the message.
  public mutating func update(_ bytes: Span<UInt8>) { register.shift(in: bytes) }

  /// The check of one whole message.
  public static func checksum(of bytes: Span<UInt8>) -> UInt32 {
    var check = CRC32()
    check.update(bytes)
    return check.value
  }
}

/// CRC-32C as in iSCSI, ext4 and the processor's own `crc32` instruction.
///
/// RFC 3720, 12.1: polynomial 0x1EDC6F41, reflected.
public struct CRC32C: BitwiseCopyable, Sendable {
  private var register = CyclicRegister(polynomial: 0x82F6_3B78)

  /// Starts with the empty message.
  public init() {}

  /// The check of all bytes so far; more may follow.
  public var value: UInt32 { ~register.bits }

  /// Appends one byte to the message.
  public mutating func update(byte: UInt8) { register.shift(in: byte) }

  /// Appends bytes to the message.
  public mutating func update(_ bytes: Span<UInt8>) { register.shift(in: bytes) }

  /// The check of one whole message.
  public static func checksum(of bytes: Span<UInt8>) -> UInt32 {
    var check = CRC32C()
    check.update(bytes)
    return check.value
  }
}

/// The shift register of a reflected polynomial: the lowest bit leaves first.
struct CyclicRegister: BitwiseCopyable, Sendable {
  let polynomial: UInt32
  var bits: UInt32 = .max

  /// Makes a register of ones, as both checks begin.
  init(polynomial: UInt32) { self.polynomial = polynomial }

  /// Takes one byte in, bit by bit and without a branch.
  mutating func shift(in byte: UInt8) {
    bits = Self.shifted(bits ^ UInt32(byte), steps: 8, polynomial)
  }

  /// Takes bytes in, half a byte at a time.
  mutating func shift(in bytes: Span<UInt8>) {
    var table: InlineArray<16, UInt32> = .init(repeating: 0)
    for nibble in 0..<16 {
      table[nibble] = Self.shifted(UInt32(truncatingIfNeeded: nibble), steps: 4, polynomial)
    }
    var next = bits
    for index in bytes.indices {
      next ^= UInt32(bytes[index])
      next = next >> 4 ^ table[Int(truncatingIfNeeded: next & 15)]
      next = next >> 4 ^ table[Int(truncatingIfNeeded: next & 15)]
    }
    bits = next
  }

  private static func shifted(_ bits: UInt32, steps: Int, _ polynomial: UInt32) -> UInt32 {
    var next = bits
    for _ in 0..<steps { next = next >> 1 ^ (polynomial & (0 &- (next & 1))) }
    return next
  }
}
