/// Bytes that were typed and not yet read.

/// A queue of 256 bytes between an interrupt handler and a reader.
///
/// One side appends, the other removes; what does not fit is counted and dropped, the newest first.
public struct InputQueue: ~Copyable {
  /// The most bytes that wait.
  public static var capacity: Int { 256 }

  private var bytes: InlineArray<256, UInt8> = .init(repeating: 0)
  private var head: UInt32 = 0
  private var tail: UInt32 = 0

  /// Bytes that were lost because nobody read.
  public private(set) var dropped: UInt64 = 0

  /// Makes an empty queue.
  public init() {}

  /// Whether there is room for no other byte.
  public var isFull: Bool { tail &- head == UInt32(Self.capacity) }

  /// Adds a byte at the end.
  public mutating func append(_ byte: UInt8) {
    guard tail &- head < UInt32(Self.capacity) else {
      dropped += 1
      return
    }
    bytes[Int(tail & 255)] = byte
    tail &+= 1
  }

  /// Takes the first byte, or `nil` if none waits.
  public mutating func removeFirst() -> UInt8? {
    guard head != tail else { return nil }
    defer { head &+= 1 }
    return bytes[Int(head & 255)]
  }
}
