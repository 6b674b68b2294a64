/// A message as it travels where a transport is not memory: header, payload, checksum.
///
///     0                16                16 + n        20 + n
///     ┌────────────────┬─────────────────┬─────────────┐
///     │ MessageHeader  │ payload, n bytes│ CRC-32C     │   of all that comes before it
///     └────────────────┴─────────────────┴─────────────┘

import Checksum
import Messaging

/// Writing and reading frames.
public enum Frame {
  /// Bytes of a frame beyond its payload.
  public static var overhead: Int { MessageHeader.byteCount + 4 }

  /// Writes a frame; the target must have room for it.
  ///
  /// - Returns: the bytes written.
  @export(interface)
  public static func encode(_ header: MessageHeader, _ payload: RawSpan, into target: inout MutableRawSpan)
    -> Int
  {
    precondition(
      Int(header.length) == payload.byteCount, "a header states another length than its payload has")
    let words = header.words
    put(words.0, at: 0, &target)
    put(words.1, at: 4, &target)
    put(words.2, at: 8, &target)
    put(words.3, at: 12, &target)
    for index in 0..<payload.byteCount {
      // SAFETY: a byte at an index below the count.
      unsafe target.storeBytes(
        of: payload.unsafeLoad(fromByteOffset: index, as: UInt8.self), toByteOffset: 16 + index,
        as: UInt8.self)
    }
    let end = MessageHeader.byteCount + payload.byteCount
    put(checksum(target, end), at: end, &target)
    return end + 4
  }

  /// Reads a frame's header; refuses what was damaged on the way before it believes a word of it.
  @export(interface)
  public static func decode(_ bytes: RawSpan) throws(MessageFault) -> MessageHeader {
    guard bytes.byteCount >= overhead else { throw .length }
    var sum = CRC32C()
    let end = bytes.byteCount - 4
    for index in 0..<end { sum.update(byte: byte(bytes, index)) }
    guard sum.value == word(bytes, end) else { throw .checksum }
    let header = try MessageHeader((word(bytes, 0), word(bytes, 4), word(bytes, 8), word(bytes, 12)))
    guard Int(header.length) == bytes.byteCount - overhead else { throw .length }
    return header
  }

  private static func checksum(_ bytes: borrowing MutableRawSpan, _ count: Int) -> UInt32 {
    var sum = CRC32C()
    for index in 0..<count {
      // SAFETY: the index is below the count, which the caller has just written.
      sum.update(byte: unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
    }
    return sum.value
  }

  private static func byte(_ bytes: RawSpan, _ index: Int) -> UInt8 {
    // SAFETY: the span checks the index; any byte is a number.
    unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
  }

  private static func word(_ bytes: RawSpan, _ offset: Int) -> UInt32 {
    UInt32(byte(bytes, offset)) | UInt32(byte(bytes, offset + 1)) << 8 | UInt32(byte(bytes, offset + 2)) << 16
      | UInt32(byte(bytes, offset + 3)) << 24
  }

  private static func put(_ value: UInt32, at offset: Int, _ target: inout MutableRawSpan) {
    for index in 0..<4 {
      target.storeBytes(
        of: UInt8(truncatingIfNeeded: value >> UInt32(8 * index)), toByteOffset: offset + index,
        as: UInt8.self)
    }
  }
}
