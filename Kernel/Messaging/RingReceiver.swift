/// The receiving half of a channel: waits for a stamp, copies once, checks the copy.

import Window

/// The consumer's state of one channel, private to the receiving node.
///
/// - Invariant: every message before `position` was taken, or skipped by a reset.
public struct RingReceiver: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline let base: UInt32
  @usableFromInline let mask: UInt32
  @usableFromInline let credit: UInt32
  @usableFromInline let identity: UInt32
  @usableFromInline let firstWord: UInt32
  @usableFromInline var position: UInt32 = 0
  @usableFromInline var generation: UInt32 = 0

  @usableFromInline
  init(pair: UInt32, layout: LinkLayout, priority: Priority, from: UInt8, to: UInt8) {
    base = pair + layout.ring(priority)
    mask = layout.slots(priority) - 1
    credit = pair + LinkLayout.credit + 4 * UInt32(priority.rawValue)
    identity = UInt32(to) << 8 | UInt32(from)
    firstWord = UInt32(priority.rawValue) << 16 | UInt32(MessageHeader.version)
  }

  @inlinable @inline(__always)
  func slot(_ position: UInt32) -> UInt32 { base &+ (position & mask) &* 64 }

  /// Whether a message waits at the next slot.
  ///
  /// - Throws: `.sequence` if the slot carries this generation but neither the next stamp nor the last lap's.
  @inlinable @inline(__always)
  public func isReady<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) throws(MessageFault)
    -> Bool
  {
    let stamp = window.loadAcquire(slot(position))
    if stamp == generation | position & 0xFFFF, generation != 0 { return true }
    if generation != 0, stamp & 0xFFFF_0000 == generation, stamp & 0xFFFF != (position &- mask &- 1) & 0xFFFF
    {
      throw .sequence
    }
    return false
  }

  /// Takes the next message's header, read once and checked, without its payload.
  @inlinable @inline(__always)
  func header<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) throws(MessageFault)
    -> MessageHeader
  {
    let place = slot(position)
    let first = window.load(place &+ 4)
    let length = window.load(place &+ 8)
    let last = window.load(place &+ 12)
    if first & 0x00FF_00FF != firstWord { throw first & 0xFF == 1 ? .malformed : .version }
    if first >> 29 != 0 { throw .malformed }
    if last & 0xFFFF != identity { throw .forged }
    if length > MessageHeader.maximumLength { throw .length }
    return MessageHeader(
      type: UInt8(truncatingIfNeeded: first >> 8),
      priority: Priority(rawValue: UInt8(truncatingIfNeeded: firstWord >> 16)) ?? .normal,
      flags: MessageFlags(rawValue: UInt8(truncatingIfNeeded: first >> 24)), length: length,
      station: UInt16(truncatingIfNeeded: last >> 16), sequence: UInt16(truncatingIfNeeded: position),
      generation: UInt16(truncatingIfNeeded: generation >> 16), from: UInt8(truncatingIfNeeded: identity),
      to: UInt8(truncatingIfNeeded: identity >> 8))
  }

  /// Gives `count` slots back to the sender.
  @inlinable @inline(__always)
  mutating func release<Window: SharedWindow & ~Copyable>(_ count: UInt32, _ window: borrowing Window) {
    position = position &+ count
    window.storeRelease(generation | position & 0xFFFF, at: credit)
  }

  /// Takes the next message if one waits and its payload lies in the slots and fits `target`.
  ///
  /// - Returns: its header, or `nil` if none waits. What `target` holds beyond `length` is unchanged.
  /// - Throws: what makes the message unbelievable; the channel stands still until the link is reset.
  @inlinable @inline(__always)
  public mutating func receive<Window: SharedWindow & ~Copyable>(
    into target: inout MutableRawSpan, _ window: borrowing Window
  ) throws(MessageFault) -> MessageHeader? {
    guard try isReady(window) else { return nil }
    let header = try header(window)
    let count = try copy(header, into: &target, window)
    release(count, window)
    return header
  }

  /// Copies the payload out of the slots and answers how many they are.
  @inlinable @inline(__always)
  func copy<Window: SharedWindow & ~Copyable>(
    _ header: MessageHeader, into target: inout MutableRawSpan, _ window: borrowing Window
  ) throws(MessageFault) -> UInt32 {
    let end = Int(truncatingIfNeeded: header.length)
    let count = RingSender.slots(header.length)
    guard header.length <= 468, count <= mask &+ 1, end <= target.byteCount else { throw .length }
    guard !header.flags.contains(.chunked) else { throw .chunks }
    // A full slot's count is a constant, so that its copy is unrolled.
    if end >= 48 {
      window.read(into: &target, from: 0, to: 48, at: slot(position) &+ 16)
    } else {
      window.read(into: &target, from: 0, to: end, at: slot(position) &+ 16)
    }
    var done = 48
    var place = position
    while done < end {
      place = place &+ 1
      let next = done &+ 60 < end ? done &+ 60 : end
      window.read(into: &target, from: done, to: next, at: slot(place) &+ 4)
      done = next
    }
    return count
  }

  /// Takes the next message if it is one of eight bytes; its value in a register.
  @inlinable @inline(__always)
  public mutating func receive<Window: SharedWindow & ~Copyable>(
    _ window: borrowing Window
  ) throws(MessageFault) -> (header: MessageHeader, value: UInt64)? {
    guard try isReady(window) else { return nil }
    let header = try header(window)
    guard header.length == 8, !header.flags.contains(.chunked) else { throw .length }
    let place = slot(position)
    let value = UInt64(window.load(place &+ 16)) | UInt64(window.load(place &+ 20)) << 32
    release(1, window)
    return (header, value)
  }
}
