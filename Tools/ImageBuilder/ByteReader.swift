/// Bytes of a file that nobody vouches for, read with every bound checked.
struct ByteReader: Sendable {
  let bytes: [UInt8]

  /// The little-endian number at `offset`, or `nil` if it does not lie within the file.
  func load<Value: FixedWidthInteger & UnsignedInteger>(_ offset: Int, as type: Value.Type = Value.self)
    -> Value?
  {
    let width = Value.bitWidth / 8
    guard offset >= 0, offset <= bytes.count, bytes.count - offset >= width else { return nil }
    var value: Value = 0
    for index in (0..<width).reversed() {
      value = value << 8 | Value(truncatingIfNeeded: bytes[offset + index])
    }
    return value
  }

  /// The range of `count` bytes from `offset`, or `nil` if it does not lie within the file.
  func range(_ offset: UInt64, count: UInt64) -> Range<Int>? {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= UInt64(bytes.count) else { return nil }
    return Int(offset)..<Int(end)
  }

  /// The text from `offset` up to a zero byte before `end`, or `nil` if there is none.
  func string(at offset: Int, before end: Int) -> String? {
    guard offset >= 0, end <= bytes.count, offset < end,
      let zero = bytes[offset..<end].firstIndex(of: 0)
    else { return nil }
    return String(decoding: bytes[offset..<zero], as: UTF8.self)
  }
}
