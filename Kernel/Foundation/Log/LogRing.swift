/// The last bytes of the log, for a panic report and for whoever asks later.

/// A ring of 4 KiB that keeps the newest lines.
///
/// Positions count all bytes ever written, so they only grow; the ring holds those from `start` to `end`.
public struct LogRing: ~Copyable {
  /// The number of bytes kept; a power of two.
  public static var capacity: Int { 4096 }

  private var bytes: InlineArray<4096, UInt8> = .init(repeating: 0)

  /// The position after the newest byte.
  public private(set) var end = 0

  /// Makes an empty ring.
  public init() {}

  /// The position of the oldest byte that is still kept.
  public var start: Int { max(0, end - Self.capacity) }

  /// Appends a line and a line feed.
  public mutating func append(_ line: Text) {
    for index in 0..<line.count { append(line[index]) }
    append(UInt8(ascii: "\n"))
  }

  private mutating func append(_ byte: UInt8) {
    bytes[end & (Self.capacity - 1)] = byte
    end += 1
  }

  /// The byte at a position from `start` up to, but not including, `end`.
  ///
  /// Mutating only in name: of a borrowed ring the compiler would copy all bytes to the stack to read one.
  public mutating func byte(at position: Int) -> UInt8 {
    precondition(position >= start && position < end, "the log ring was read outside what it keeps")
    return bytes[position & (Self.capacity - 1)]
  }

  /// The position where the last `lineCount` whole lines begin; mutating only in name, as `byte(at:)`.
  public mutating func startOfTail(lineCount: Int) -> Int {
    var position = end
    var lines = 0
    while position > start {
      if byte(at: position - 1) == UInt8(ascii: "\n") {
        if lines == lineCount { return position }
        lines += 1
      }
      position -= 1
    }
    // Once the ring has wrapped, its oldest line has lost its beginning: leave it out.
    guard start > 0 else { return start }
    while position < end, byte(at: position) != UInt8(ascii: "\n") { position += 1 }
    return min(position + 1, end)
  }
}
