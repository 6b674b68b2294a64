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

  /// Gives the frame behind a page of RAM to the host; says whether it did.
  ///
  /// What the guest reads and writes there from now on is of no meaning, to it or to anybody else. Shadows that showed the
  /// page must forget it before the guest goes on.
  mutating func giveUp(page: UInt32) -> Bool
  /// Puts a frame of zeros behind a page of RAM that was given up.
  mutating func takeBack(page: UInt32) -> TakenPage
}

/// What came of taking a page back that was given up.
public enum TakenPage: BitwiseCopyable, Hashable, Sendable {
  /// It is the guest's again, and has zeros.
  case taken
  /// The guest had it all the time.
  case notGivenUp
  /// The host has no frame for it now.
  case outOfFrames
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
