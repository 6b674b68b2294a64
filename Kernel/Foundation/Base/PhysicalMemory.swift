/// The seam through which logic reads physical memory that somebody else wrote.
///
/// What a boot loader, a firmware table or another kernel left in memory is reached only through here: the
/// bare machine answers from its direct map, a host test from an array. An address that the implementation
/// cannot reach is an answer (`nil`), never a wild read.

/// Physical memory that can be read a byte at a time.
public protocol PhysicalMemoryReader {
  /// The byte at `address`, or `nil` if no memory can be read there.
  func byte(at address: PhysicalAddress) -> UInt8?
}

extension PhysicalMemoryReader {
  /// The little-endian unsigned integer whose first byte is at `address`, or `nil` if any byte of it cannot be
  /// read.
  ///
  /// The address need not be aligned.
  @inlinable
  public func load<Value: FixedWidthInteger & UnsignedInteger>(
    at address: PhysicalAddress, as type: Value.Type = Value.self
  ) -> Value? {
    var value: Value = 0
    for index in 0..<(Value.bitWidth / 8) {
      guard let place = address.advanced(byChecked: UInt64(index)), let byte = byte(at: place) else {
        return nil
      }
      value |= Value(truncatingIfNeeded: byte) << Value(8 * index)
    }
    return value
  }
}
