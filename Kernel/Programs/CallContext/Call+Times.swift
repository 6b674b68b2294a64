/// Times as structures of a program.

import Arch
import Base
import CMachine
import Clocks
import LinuxABI

extension Call {
  /// The kinds of structures for a time.
  package enum TimeLayout {
    /// Two words, the second in nanoseconds.
    case spec
    /// Two words, the second in microseconds.
    case value
    /// Two numbers of 64 bits, the second in nanoseconds.
    case wideSpec
  }

  /// Reads a time.
  @inline(never)
  package func loadTime(_ address: UInt, _ layout: TimeLayout) throws(ErrorNumber) -> ProgramTime {
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
  package func loadDuration(_ address: UInt, _ layout: TimeLayout) throws(ErrorNumber) -> UInt64 {
    guard let total = try loadTime(address, layout).total else { throw .invalidArgument }
    return total
  }

  /// Writes nanoseconds as a time.
  @inline(never)
  package func storeTime(_ nanoseconds: UInt64, at address: UInt, _ layout: TimeLayout) throws(ErrorNumber) {
    let time = ProgramTime(nanoseconds: nanoseconds)
    let size = layout == .wideSpec ? 8 : abi.wordSize
    try store(UInt64(bitPattern: time.seconds), size, at: address)
    try store(
      UInt64(bitPattern: layout == .value ? time.nanoseconds / 1000 : time.nanoseconds), size,
      at: address &+ UInt(size))
  }
}
