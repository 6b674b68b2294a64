/// Terminal structures as programs lay them out.

extension TerminalAttributes {
  /// Writes `struct termios`.
  @export(interface)
  public func write(to bytes: inout MutableSpan<UInt8>) {
    bytes.put(UInt64(input), count: 4, at: 0)
    bytes.put(UInt64(output), count: 4, at: 4)
    bytes.put(UInt64(control), count: 4, at: 8)
    bytes.put(UInt64(local), count: 4, at: 12)
    bytes[16] = discipline
    for index in 0..<Self.controlCount { bytes[17 + index] = characters[index] }
  }

  /// Reads `struct termios` of at least 36 bytes.
  @export(interface)
  public init(reading bytes: Span<UInt8>) {
    self.init()
    input = UInt32(truncatingIfNeeded: bytes.number(count: 4, at: 0))
    output = UInt32(truncatingIfNeeded: bytes.number(count: 4, at: 4))
    control = UInt32(truncatingIfNeeded: bytes.number(count: 4, at: 8))
    local = UInt32(truncatingIfNeeded: bytes.number(count: 4, at: 12))
    discipline = bytes[16]
    for index in 0..<Self.controlCount { characters[index] = bytes[17 + index] }
  }
}

extension WindowSize {
  /// Bytes in a program's memory.
  public static var byteCount: Int { 8 }

  /// Writes `struct winsize`.
  @export(interface)
  public func write(to bytes: inout MutableSpan<UInt8>) {
    bytes.put(UInt64(rows), count: 2, at: 0)
    bytes.put(UInt64(columns), count: 2, at: 2)
    bytes.put(UInt64(width), count: 2, at: 4)
    bytes.put(UInt64(height), count: 2, at: 6)
  }

  /// Reads `struct winsize` of at least 8 bytes.
  @export(interface)
  public init(reading bytes: Span<UInt8>) {
    self.init(
      rows: UInt16(truncatingIfNeeded: bytes.number(count: 2, at: 0)),
      columns: UInt16(truncatingIfNeeded: bytes.number(count: 2, at: 2)))
    width = UInt16(truncatingIfNeeded: bytes.number(count: 2, at: 4))
    height = UInt16(truncatingIfNeeded: bytes.number(count: 2, at: 6))
  }
}

extension ControlRequest {
  /// Bytes that the request reads where its argument points.
  public var input: Int {
    switch self {
    case .setAttributes, .setAttributesWaiting, .setAttributesFlushing: TerminalAttributes.byteCount
    case .setWindowSize: WindowSize.byteCount
    case .setForeground, .setNonBlocking: 4
    default: 0
    }
  }

  /// Bytes that the request writes where its argument points.
  public var output: Int {
    switch self {
    case .getAttributes: TerminalAttributes.byteCount
    case .getWindowSize: WindowSize.byteCount
    case .getForeground, .getSession, .outputCount, .readableCount: 4
    default: 0
    }
  }
}
