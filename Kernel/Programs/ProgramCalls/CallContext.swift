/// A call of a program while it is performed.

import Arch
import Base
import Clocks
import LinuxABI
import Processes
import ProgramRecords
import Runtime
import Signals
import UserMemory
import VirtualFileSystem

/// Who calls, by which interface, with which arguments.
struct Call {
  let thread: ProgramThreadReference
  let process: ProcessReference
  let abi: ProgramABI
  /// The arguments as the registers had them.
  let a, b, c, d, e, f: UInt

  var programs: Programs { Programs() }

  // MARK: - Arguments

  /// A register as a number of 32 bits.
  @inline(__always) static func int(_ value: UInt) -> Int32 { Int32(truncatingIfNeeded: value) }
  /// A register as a `long`.
  @inline(__always) func long(_ value: UInt) -> Int {
    abi == .i386 ? Int(Int32(truncatingIfNeeded: value)) : Int(bitPattern: value)
  }
  /// Two registers of i386 as a number of 64 bits.
  @inline(__always) static func pair(_ low: UInt, _ high: UInt) -> UInt64 {
    UInt64(low & 0xFFFF_FFFF) | UInt64(high & 0xFFFF_FFFF) << 32
  }

  // MARK: - Memory of the program

  /// Reads a number of up to eight bytes.
  @inline(never)
  func load(_ address: UInt, _ count: Int) throws(ErrorNumber) -> UInt64 {
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
  func store(_ value: UInt64, _ count: Int, at address: UInt) throws(ErrorNumber) {
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
  func loadWord(_ address: UInt) throws(ErrorNumber) -> UInt {
    UInt(truncatingIfNeeded: try load(address, abi.wordSize))
  }

  /// Writes a word of the program's size.
  func storeWord(_ value: UInt, at address: UInt) throws(ErrorNumber) {
    try store(UInt64(value), abi.wordSize, at: address)
  }

  /// Writes bytes.
  func store(_ bytes: Span<UInt8>, at address: UInt) throws(ErrorNumber) {
    guard ProgramMemory.write(bytes, to: address) else { throw .badAddress }
  }

  // MARK: - Times

  /// The kinds of structures for a time.
  enum TimeLayout {
    /// Two words, the second in nanoseconds.
    case spec
    /// Two words, the second in microseconds.
    case value
    /// Two numbers of 64 bits, the second in nanoseconds.
    case wideSpec
  }

  /// Reads a time.
  @inline(never)
  func loadTime(_ address: UInt, _ layout: TimeLayout) throws(ErrorNumber) -> ProgramTime {
    let size = layout == .wideSpec ? 8 : abi.wordSize
    let (first, second) = (try load(address, size), try load(address &+ UInt(size), size))
    func signed(_ value: UInt64) -> Int64 {
      size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }
    // The upper half of the nanoseconds of i386 is filling.
    let part = layout == .wideSpec && abi == .i386 ? Int64(Int32(truncatingIfNeeded: second)) : signed(second)
    return layout == .value
      ? ProgramTime(seconds: signed(first), microseconds: part)
      : ProgramTime(seconds: signed(first), nanoseconds: part)
  }

  /// Reads a time as nanoseconds.
  @inline(never)
  func loadDuration(_ address: UInt, _ layout: TimeLayout) throws(ErrorNumber) -> UInt64 {
    guard let total = try loadTime(address, layout).total else { throw .invalidArgument }
    return total
  }

  /// Writes nanoseconds as a time.
  @inline(never)
  func storeTime(_ nanoseconds: UInt64, at address: UInt, _ layout: TimeLayout) throws(ErrorNumber) {
    let time = ProgramTime(nanoseconds: nanoseconds)
    let size = layout == .wideSpec ? 8 : abi.wordSize
    try store(UInt64(bitPattern: time.seconds), size, at: address)
    try store(
      UInt64(bitPattern: layout == .value ? time.nanoseconds / 1000 : time.nanoseconds), size,
      at: address &+ UInt(size))
  }
}
