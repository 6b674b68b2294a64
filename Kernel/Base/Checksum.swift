/// A check on bytes that travelled: CRC-32C, which finds every burst of errors up to 32 bits.

/// A CRC-32C (Castagnoli, RFC 3720, appendix B.4) in the making, four bits at a time.
///
/// A table of sixteen words instead of 256 or of SSE4.2's instruction: the kernel has no constant tables of its own
/// to place in a cache, and checksums guard only what does not travel by memory.
public struct Checksum: BitwiseCopyable, Sendable {
  private var state: UInt32 = 0xFFFF_FFFF

  /// Starts with no bytes.
  public init() {}

  /// Adds a byte.
  public mutating func append(_ byte: UInt8) {
    state ^= UInt32(byte)
    state = state >> 4 ^ Self.nibble(state & 15)
    state = state >> 4 ^ Self.nibble(state & 15)
  }

  /// Adds a little-endian number.
  public mutating func append<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) {
    for index in 0..<(Value.bitWidth / 8) { append(UInt8(truncatingIfNeeded: value >> Value(8 * index))) }
  }

  /// The checksum of the bytes so far.
  public var value: UInt32 { ~state }

  /// What four zero-extended bits contribute: four steps of division by the reflected polynomial 0x82f63b78.
  private static func nibble(_ bits: UInt32) -> UInt32 {
    var value = bits
    for _ in 0..<4 { value = value >> 1 ^ (0x82F6_3B78 & (0 &- (value & 1))) }
    return value
  }
}
