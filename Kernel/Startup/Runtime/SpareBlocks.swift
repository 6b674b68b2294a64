/// Blocks of one size that the heap would be asked for again and again.

import Arch
import Base

/// A few blocks of the heap that were given back and wait for their next use.
///
/// The heap checks what it gives and takes, which costs some thousand instructions a block; what comes and goes with
/// every process and thread is kept here instead. A free block's first word is the address of the next.
///
/// - Invariant: used by one caller at a time, with interrupts off.
@safe public struct SpareBlocks: BitwiseCopyable {
  /// The most blocks that are kept.
  static var limit: Int { 32 }

  private var first: UInt = 0
  private var count = 0

  /// Keeps nothing yet.
  public init() {}

  /// A block of `byteCount` bytes, which must be the same in every call and at least a word; its content is undefined.
  public mutating func allocate(_ byteCount: Int, alignment: Int = 16) -> VirtualAddress {
    guard let block = unsafe UnsafeMutablePointer<UInt>(bitPattern: first) else {
      return KernelHeap.allocate(byteCount, alignment: alignment)
    }
    let address = VirtualAddress(first)
    // SAFETY: a block that is kept is nobody else's, and its first word is the next one's address.
    first = unsafe block.pointee
    count -= 1
    return address
  }

  /// Takes a block back that nobody uses any more.
  public mutating func free(_ address: VirtualAddress) {
    guard count < Self.limit, let block = unsafe UnsafeMutablePointer<UInt>(bitPattern: address.rawValue)
    else {
      return KernelHeap.free(address)
    }
    // SAFETY: the caller gives the block away.
    unsafe block.pointee = first
    first = address.rawValue
    count += 1
  }
}
