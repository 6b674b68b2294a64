/// A call of a program while it is performed: who calls, with what, and what most calls need for it.
///
/// This module protects the way between a call and the program's memory: numbers, times, paths and users' numbers are
/// read and written in the sizes that the program's interface has, and an address that is not the program's own answers
/// EFAULT. What a call does is `FileCalls`'s, `ProcessCalls`'s and `TimeCalls`'s, which do not know each other; which of
/// them does it, and how calls arrive, is `ProgramCalls`'s.

import Arch
import Base
import LinuxABI
import ProgramRecords
import UserMemory
import VirtualFileSystem

/// Who calls, by which interface, with which arguments.
package struct Call {
  package let thread: ProgramThreadReference
  package let process: ProcessReference
  package let abi: ProgramABI
  /// The arguments as the registers had them.
  package let a, b, c, d, e, f: UInt

  /// A call of a thread.
  @inline(__always)
  package init(
    thread: ProgramThreadReference, process: ProcessReference, abi: ProgramABI, a: UInt, b: UInt, c: UInt,
    d: UInt,
    e: UInt, f: UInt
  ) {
    (self.thread, self.process, self.abi) = (thread, process, abi)
    (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
  }

  package var programs: Programs { Programs() }

  // MARK: - Arguments

  /// A register as a number of 32 bits.
  @inline(__always) package static func int(_ value: UInt) -> Int32 { Int32(truncatingIfNeeded: value) }
  /// A register as a `long`.
  @inline(__always) package func long(_ value: UInt) -> Int {
    abi == .i386 ? Int(Int32(truncatingIfNeeded: value)) : Int(bitPattern: value)
  }
  /// Two registers of i386 as a number of 64 bits.
  @inline(__always) package static func pair(_ low: UInt, _ high: UInt) -> UInt64 {
    UInt64(low & 0xFFFF_FFFF) | UInt64(high & 0xFFFF_FFFF) << 32
  }

  // MARK: - Memory of the program

  /// Reads a number of up to eight bytes.
  @inline(never)
  package func load(_ address: UInt, _ count: Int) throws(ErrorNumber) -> UInt64 {
    if count == 4 {
      guard let word = UserCopy.load32(address) else { throw .badAddress }
      return UInt64(word)
    }
    if count == 8 {
      guard let word = UserCopy.load64(address) else { throw .badAddress }
      return word
    }
    var bytes: InlineArray<8, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    guard ProgramMemory.read(address, count: count, into: &span) else { throw .badAddress }
    return bytes.span.number(count: count, at: 0)
  }

  /// Writes a number of up to eight bytes.
  @inline(never)
  package func store(_ value: UInt64, _ count: Int, at address: UInt) throws(ErrorNumber) {
    if count == 4 || count == 8 {
      let isDone =
        count == 4
        ? UserCopy.store32(address, UInt32(truncatingIfNeeded: value)) : UserCopy.store64(address, value)
      guard isDone else { throw .badAddress }
      return
    }
    var bytes: InlineArray<8, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    span.put(value, count: count, at: 0)
    guard ProgramMemory.write(bytes.span.extracting(0..<count), to: address) else { throw .badAddress }
  }

  /// Reads a word of the program's size.
  package func loadWord(_ address: UInt) throws(ErrorNumber) -> UInt {
    UInt(truncatingIfNeeded: try load(address, abi.wordSize))
  }

  /// Writes a word of the program's size.
  package func storeWord(_ value: UInt, at address: UInt) throws(ErrorNumber) {
    try store(UInt64(value), abi.wordSize, at: address)
  }

  /// Writes bytes.
  package func store(_ bytes: Span<UInt8>, at address: UInt) throws(ErrorNumber) {
    guard ProgramMemory.write(bytes, to: address) else { throw .badAddress }
  }
}
