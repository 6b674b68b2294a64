/// Where units of execution meet in the shared window, in the way of the SCC's message-passing library RCCE.
///
/// For `n` units, from `start`, which is a multiple of 64:
///
///     ┌──────────────────────────┐
///     │ locks: a line per unit   │  the test-and-set register of each core (RCCE_acquire_lock)
///     ├──────────────────────────┤
///     │ barrier: 1 + n lines     │  NodeSync's dissemination barrier
///     ├──────────────────────────┤
///     │ flags: n × n × 2 lines   │  at [receiver][sender]: stamp, bytes of this part, bytes of the whole message
///     │                          │  at [sender][receiver], second line: the stamp that was taken
///     ├──────────────────────────┤
///     │ buffers: n × 8 KiB       │  the lower half for put and get, the upper half for send
///     └──────────────────────────┘
///
/// Every word but a lock's has one writer, and every stamp begins with the session that it belongs to. So what a former
/// session left behind means nothing to the next one, and nobody has to clear it.

import Window

/// Sizes and offsets that all units of a group agree on.
///
/// - Invariant: every part lies inside `byteCount` bytes from `start`.
public struct UnitLayout: BitwiseCopyable, Hashable, Sendable {
  /// The first byte in the window.
  public let start: UInt32
  /// The units, 1 to 64.
  public let count: UInt32
  /// Bytes of a unit's buffer; half of them are for `put` and `get`.
  public let bufferBytes: UInt32
  /// All bytes from `start`.
  public let byteCount: UInt32

  /// Makes a layout, or answers `nil` if a size is out of range or it does not fit the window.
  public init?(start: UInt32, count: UInt32, bufferBytes: UInt32 = 8192, in windowBytes: UInt32) {
    guard start & 63 == 0, count >= 1, count <= 64, bufferBytes >= 8, bufferBytes & 7 == 0,
      bufferBytes <= 65536
    else { return nil }
    let total =
      UInt64(count) * 64 + UInt64(1 + count) * 64 + UInt64(count) * UInt64(count) * 128
      + UInt64(count) * UInt64(bufferBytes)
    guard UInt64(start) + total <= UInt64(windowBytes) else { return nil }
    self.start = start
    self.count = count
    self.bufferBytes = bufferBytes
    byteCount = UInt32(total)
  }

  /// Bytes that one part of a message has at most, and bytes for `put` and `get`.
  public var half: UInt32 { bufferBytes / 2 }

  /// The word of a unit's lock.
  public func lock(_ unit: UInt8) -> UInt32 { start + 64 * UInt32(unit) }
  /// The first byte of the barrier.
  public var barrier: UInt32 { start + 64 * count }
  /// What `sender` writes for `receiver`: three words.
  func sent(from sender: UInt8, to receiver: UInt8) -> UInt32 {
    start + 64 * (2 * count + 1) + 128 * (UInt32(receiver) * count + UInt32(sender))
  }
  /// What `receiver` writes for `sender`: one word.
  func taken(by receiver: UInt8, from sender: UInt8) -> UInt32 {
    start + 64 * (2 * count + 1) + 128 * (UInt32(sender) * count + UInt32(receiver)) + 64
  }
  /// A unit's buffer for `put` and `get`.
  func shared(_ unit: UInt8) -> UInt32 {
    start + 64 * (2 * count + 1) + 128 * count * count + bufferBytes * UInt32(unit)
  }
  /// A unit's buffer for what it sends.
  func outgoing(_ unit: UInt8) -> UInt32 { shared(unit) + half }
}
