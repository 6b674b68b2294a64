/// The loader's texts, copied out of memory that will be reused.

import Base

/// Where a text lies in the boot information's text store.
public struct BootText: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline var offset: UInt16
  @usableFromInline var length: UInt16

  @usableFromInline
  init(offset: UInt16, length: UInt16) {
    self.offset = offset
    self.length = length
  }

  /// A text without bytes.
  public static var empty: BootText { BootText(offset: 0, length: 0) }

  /// The number of bytes, without a terminating zero.
  @inlinable
  public var count: Int { Int(length) }
}

/// A store that texts are appended to, never removed from.
///
/// One store for all of them, instead of a buffer per module, keeps the whole value small enough for a start-up
/// stack: most loaders pass one long text and a few short ones.
struct BootTextStore: ~Copyable {
  /// Bytes that the store holds: a command line of full length and as much again for everything else.
  static var capacity: Int { 4096 }

  var bytes: [4096 of UInt8] = .init(repeating: 0)
  var used = 0

  /// Copies a zero-terminated text that starts at `address` and may be at most `limit` bytes long.
  ///
  /// - Parameter end: one past the last byte in which the terminating zero may lie.
  mutating func append<Memory: PhysicalMemoryReader>(
    at address: UInt64, before end: UInt64, limit: Int, tooLong: BootInformationError.Reason, memory: Memory
  ) throws(BootInformationError) -> BootText {
    let start = used
    var place = address
    while place < end {
      guard let byte = memory.byte(at: PhysicalAddress(place)) else { throw .init(.unreadable, place) }
      if byte == 0 { return BootText(offset: UInt16(start), length: UInt16(used - start)) }
      guard used - start < limit, used < Self.capacity else { throw .init(tooLong, address) }
      bytes[used] = byte
      used += 1
      place += 1
    }
    throw .init(.unterminatedText, address)
  }
}
