/// The only way from the kernel to a program's memory.
///
/// Addresses come from programs: they are checked against the kernel's part and against wrapping around, and a page
/// that is not there or does not allow the access is an answer. Everything works on the address space in use.

import Arch
import Base
import CMachine
import Runtime

/// Copying to and from the program whose address space is in use.
public enum UserCopy {
  /// Whether all of a range could be a program's; an empty one at any such address, or at 0.
  @inline(__always)
  public static func isAllowed(_ address: UInt, _ byteCount: UInt) -> Bool {
    let (end, overflow) = address.addingReportingOverflow(byteCount)
    guard !overflow else { return false }
    #if arch(i386)
      return end <= 0xC000_0000
    #else
      return end <= 0x4000_0000_0000 || address >= 0x4400_0000_0000 && end <= 0x8000_0000_0000
    #endif
  }

  /// One past the last address of the part of the map that an address is in, or `nil` outside of programs' parts.
  private static func limit(of address: UInt) -> UInt? {
    #if arch(i386)
      return address < 0xC000_0000 ? 0xC000_0000 : nil
    #else
      if address < 0x4000_0000_0000 { return 0x4000_0000_0000 }
      return address >= 0x4400_0000_0000 && address < 0x8000_0000_0000 ? 0x8000_0000_0000 : nil
    #endif
  }

  /// Copies from the program; returns how many bytes were not copied, from the first that can't be read on.
  ///
  /// - Safety: `target` must have room for `byteCount` bytes of the kernel's.
  @unsafe @inline(__always)
  public static func copyIn(_ target: UnsafeMutableRawPointer, from address: UInt, _ byteCount: UInt) -> UInt
  {
    guard isAllowed(address, byteCount) else { return byteCount }
    return user_copy(UInt(bitPattern: target), address, byteCount)
  }

  /// Copies to the program; returns how many bytes were not copied, from the first that can't be written on.
  ///
  /// - Safety: `source` must have `byteCount` bytes.
  @unsafe @inline(__always)
  public static func copyOut(_ address: UInt, from source: UnsafeRawPointer, _ byteCount: UInt) -> UInt {
    guard isAllowed(address, byteCount) else { return byteCount }
    return user_copy(address, UInt(bitPattern: source), byteCount)
  }

  /// Fills a part of the program's memory with zeros; returns how many bytes were not.
  @inline(__always)
  public static func clear(_ address: UInt, _ byteCount: UInt) -> UInt {
    guard isAllowed(address, byteCount) else { return byteCount }
    return user_clear(address, byteCount)
  }

  /// What became of reading a string.
  public enum StringOutcome: BitwiseCopyable, Equatable {
    /// It has so many bytes before its zero, which was copied too.
    case length(UInt)
    /// There is no zero in as many bytes as there was room for.
    case tooLong
    /// A byte of it can't be read.
    case fault
  }

  /// Copies a string that ends with a zero.
  ///
  /// - Safety: `target` must have room for `capacity` bytes of the kernel's.
  @unsafe
  public static func string(
    _ target: UnsafeMutableRawPointer, capacity: UInt, from address: UInt
  ) -> StringOutcome {
    guard let limit = limit(of: address) else { return .fault }
    let room = min(capacity, limit - address)
    let length = user_string(UInt(bitPattern: target), address, room)
    if length == UInt.max { return .fault }
    if length < room { return .length(length) }
    return room < capacity ? .fault : .tooLong
  }

  /// A 32-bit word of the program, or `nil`.
  @inline(__always)
  public static func load32(_ address: UInt) -> UInt32? {
    guard isAllowed(address, 4) else { return nil }
    let word = user_load32(address)
    return word >> 32 == 0 ? UInt32(truncatingIfNeeded: word) : nil
  }

  /// Whether a 32-bit word of the program is a given one; not if it can't be read.
  @inline(__always)
  public static func isWord(_ address: UInt, _ expected: UInt32) -> Bool {
    guard isAllowed(address, 4) else { return false }
    let word = user_load32(address)
    return word >> 32 == 0 && UInt32(truncatingIfNeeded: word) == expected
  }

  /// Writes a 32-bit word of the program; `false` if that is impossible.
  @inline(__always)
  public static func store32(_ address: UInt, _ value: UInt32) -> Bool {
    isAllowed(address, 4) && user_store32(address, value) == 0
  }

  /// A 64-bit word of the program, or `nil`.
  @inline(__always)
  public static func load64(_ address: UInt) -> UInt64? {
    guard let low = load32(address), isAllowed(address, 8), let high = load32(address &+ 4) else {
      return nil
    }
    return UInt64(high) << 32 | UInt64(low)
  }

  /// Writes a 64-bit word of the program, the lower half first.
  @inline(__always)
  public static func store64(_ address: UInt, _ value: UInt64) -> Bool {
    guard isAllowed(address, 8) else { return false }
    return store32(address, UInt32(truncatingIfNeeded: value))
      && store32(address &+ 4, UInt32(truncatingIfNeeded: value >> 32))
  }

  /// A word of a 32-bit or 64-bit program, or `nil`.
  @inline(__always)
  public static func loadWord(_ address: UInt, is64: Bool) -> UInt64? {
    is64 ? load64(address) : load32(address).map { UInt64($0) }
  }

  /// Puts `value` where `expected` is, in one step; returns what was there, or `nil` if it can't be reached.
  ///
  /// The page must allow to write also where the words differ.
  @inline(__always)
  public static func exchange32(_ address: UInt, _ expected: UInt32, _ value: UInt32) -> UInt32? {
    guard isAllowed(address, 4) else { return nil }
    let word = user_exchange32(address, expected, value)
    return word >> 32 == 0 ? UInt32(truncatingIfNeeded: word) : nil
  }

  /// Where code goes on that may fault at an address; `nil` for all other code.
  static func failure(at instruction: UInt) -> UInt? {
    let stride = UInt(2 * MemoryLayout<UInt>.size)
    var entry = symbol_user_copy_faults()
    while true {
      let place = word(entry)
      // First: a jump to address 0 is no copy either.
      if place == 0 { return nil }
      if place == instruction { return word(entry + stride / 2) }
      entry += stride
    }
  }

  private static func word(_ address: UInt) -> UInt {
    #if arch(i386)
      UInt(cpu_load32(address))
    #else
      UInt(cpu_load64(address))
    #endif
  }
}
