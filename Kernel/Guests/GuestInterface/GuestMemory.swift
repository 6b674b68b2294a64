/// The memory that a guest owns, as the host reaches it.

import Base

/// A guest's physical memory: its RAM from 0, and the pages of its devices directly above.
///
/// A guest may change any byte at any time, so whoever decides by a value loads it once and goes on with the copy.
public protocol GuestMemory: ~Copyable {
  /// Bytes of RAM, a multiple of the page size.
  var ramSize: UInt32 { get }
  /// Bytes of RAM and device pages together, a multiple of the page size.
  var size: UInt32 { get }

  /// The byte at an address below `size`.
  func load8(_ address: UInt32) -> UInt8
  /// The word at an address; all four bytes lie below `size`, in one page or in two.
  func load32(_ address: UInt32) -> UInt32
  /// Writes a byte at an address below `size`.
  mutating func store8(_ value: UInt8, _ address: UInt32)
  /// Writes a word at an address; all four bytes lie below `size`.
  mutating func store32(_ value: UInt32, _ address: UInt32)

  /// The frame of the machine behind a page of the guest, which lies below `size`.
  func frame(ofPage page: UInt32) -> FrameNumber
}

extension GuestMemory where Self: ~Copyable {
  /// Whether a range of guest-physical addresses belongs to the guest.
  @inline(__always)
  public func contains(_ address: UInt32, byteCount: UInt32) -> Bool {
    byteCount <= size && address <= size - byteCount
  }

  /// The word at an address, or `nil` if the guest has no such memory.
  @inline(__always)
  public func word(at address: UInt32) -> UInt32? {
    contains(address, byteCount: 4) ? load32(address) : nil
  }
}
