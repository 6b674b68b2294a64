/// The memory of the running program, as spans and words.

import Base
import LinuxABI
import UserMemory

/// Copies between the kernel and the program whose address space is in use; `false` or `nil` for memory that the
/// program could not touch so itself.
public enum ProgramMemory {
  /// Reads `count` bytes to the beginning of `buffer`.
  @inline(__always)
  public static func read(_ address: UInt, count: Int, into buffer: inout MutableSpan<UInt8>) -> Bool {
    guard count > 0 else { return true }
    guard count <= buffer.count else { return false }
    return unsafe buffer.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      // SAFETY: the buffer has room for so many bytes, as compared.
      return unsafe UserCopy.copyIn(base, from: address, UInt(count)) == 0
    }
  }

  /// Writes bytes.
  @inline(__always)
  public static func write(_ bytes: Span<UInt8>, to address: UInt) -> Bool {
    guard bytes.count > 0 else { return true }
    return unsafe bytes.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return false }
      // SAFETY: the span has so many bytes.
      return unsafe UserCopy.copyOut(address, from: base, UInt(source.count)) == 0
    }
  }

  /// How many bytes from an address on the program could write itself; their pages are there afterwards.
  ///
  /// So that what can be had only once, the bytes of a pipe, is not taken for nothing.
  @inline(never)
  public static func writableCount(_ address: UInt, _ count: Int) -> Int {
    var done = 0
    while done < count {
      let place = address &+ UInt(done)
      // A word that stays what it is, but is written: so the page is there to be written at once.
      guard UserCopy.exchange32(place & ~3, 0, 0) != nil else { return done }
      done += min(count - done, pageSize - Int(place & UInt(pageSize - 1)))
    }
    return count
  }

  /// Writes a word of 32 bits.
  @inline(__always)
  public static func write(_ word: UInt32, to address: UInt) -> Bool { UserCopy.store32(address, word) }

  /// Reads a word of 32 bits.
  @inline(__always)
  public static func readWord32(_ address: UInt) -> UInt32? { UserCopy.load32(address) }

  /// Reads a word of the program's size.
  public static func readWord(_ address: UInt, _ abi: ProgramABI) -> UInt? {
    UserCopy.loadWord(address, is64: abi == .x86_64).map { UInt(truncatingIfNeeded: $0) }
  }
}
