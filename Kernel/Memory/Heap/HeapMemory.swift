/// The heap's region as words at offsets: the only place of the heap that touches memory.

import Base

/// A region of mapped, writable memory that grows at its end.
///
/// - Invariant: `size` bytes from `base` on are mapped and belong to the heap alone.
@safe
struct HeapMemory {
  let base: VirtualAddress
  var size = 0

  /// The word at an offset that is a multiple of four.
  @inline(__always)
  func word(at offset: Int) -> UInt32 {
    // SAFETY: `place` has checked that the word is inside the mapped region; the offset is aligned for it.
    unsafe place(offset, 4).load(as: UInt32.self)
  }

  /// Stores a word at an offset that is a multiple of four.
  @inline(__always)
  func store(_ word: UInt32, at offset: Int) {
    // SAFETY: as above, and the heap alone owns the region's headers.
    unsafe place(offset, 4).storeBytes(of: word, as: UInt32.self)
  }

  /// The byte at an offset.
  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    // SAFETY: `place` has checked that the byte is inside the mapped region.
    unsafe place(offset, 1).load(as: UInt8.self)
  }

  /// Stores a byte at an offset.
  @inline(__always)
  func store(_ byte: UInt8, at offset: Int) {
    // SAFETY: as above.
    unsafe place(offset, 1).storeBytes(of: byte, as: UInt8.self)
  }

  @inline(__always)
  private func place(_ offset: Int, _ count: Int) -> UnsafeMutableRawPointer {
    precondition(offset >= 0 && offset <= size - count, "the heap was reached outside its pages")
    guard let pointer = unsafe UnsafeMutableRawPointer(bitPattern: base.rawValue + UInt(offset)) else {
      preconditionFailure("a heap begins at address 0")
    }
    return unsafe pointer
  }
}
