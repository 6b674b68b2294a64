/// Numbers at byte offsets of a buffer, little-endian: how structures for programs are written and read.

extension MutableSpan where Element == UInt8 {
  /// Writes the lowest `count` bytes of a number at `offset`.
  @export(interface)
  @_lifetime(self: copy self)
  public mutating func put(_ value: UInt64, count: Int, at offset: Int) {
    for index in 0..<count { self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
  }
}

extension Span where Element == UInt8 {
  /// The number of `count` bytes at `offset`.
  @export(interface)
  public func number(count: Int, at offset: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(self[offset + index]) << UInt64(8 * index) }
    return value
  }
}

/// Which of the two system call interfaces a program uses.
public enum ProgramABI: UInt8, BitwiseCopyable, Hashable, Sendable {
  case i386
  case x86_64

  /// Bytes in a pointer and in a `long`.
  @inline(__always)
  public var wordSize: Int { self == .i386 ? 4 : 8 }
}
