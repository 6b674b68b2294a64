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
  /// The length that is received by a way of its own: 64, or what no message has in a channel of one slot.
  @usableFromInline let line: UInt32
  /// The stamp of the next message: generation and position.
  ///
  /// Before the first generation a stamp that no sender writes and that memory which nobody wrote does not hold.
  @usableFromInline var next: UInt32 = 1

  @usableFromInline
  init(pair: UInt32, layout: LinkLayout, priority: Priority, from: UInt8, to: UInt8) {
    base = pair + layout.ring(priority)
    mask = layout.slots(priority) - 1
    credit = pair + LinkLayout.credit + 4 * UInt32(priority.rawValue)
    identity = UInt32(to) << 8 | UInt32(from)
    firstWord = UInt32(priority.rawValue) << 16 | UInt32(MessageHeader.version)
    line = layout.slots(priority) == 1 ? .max : 64
  }

  /// Takes a generation, shifted to its place in a stamp, from position 0 on.
  mutating func begin(_ generation: UInt32) { next = generation }

  /// The offset of the slot with a stamp; rings have at most 4096 slots, so the stamp's low bits are enough.
  @inlinable @inline(__always)
  func slot(_ stamp: UInt32) -> UInt32 { base &+ (stamp & mask) &* 64 }

  /// The stamp `count` slots further: positions are counted modulo 65536.
  @inlinable @inline(__always)
  func after(_ count: UInt32) -> UInt32 {
    let sum = next &+ count
    // A sum that carried into the generation has a small position; a branch that is hardly ever taken costs less than
    // two masks.
    return _slowPath(sum & 0xFFFF < count) ? sum &- 0x1_0000 : sum
  }

  /// Whether a message waits at the next slot.
  ///
  /// - Throws: `.sequence` if the slot carries this generation but neither the next stamp nor the last lap's.
  @inlinable @inline(__always)
  public func isReady<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) throws(MessageFault)
    -> Bool
  {
    let stamp = window.loadAcquire(slot(next))
    if stamp == next { return true }
    // The last lap's stamp and one of another generation are what an empty slot holds.
    if (stamp ^ next) & 0xFFFF_0000 == 0, next > 0xFFFF, (stamp &+ mask &+ 1 &- next) & 0xFFFF != 0 {
      throw .sequence
    }
    return false
  }

  /// The bits of words 1 and 3 that are not what they must be: version, priority and flags without a meaning, or the
  /// flag of chunks too; sender and receiver.
  @inlinable @inline(__always)
  func differences(_ first: UInt32, _ last: UInt32, _ flags: UInt32) -> UInt32 {
    (first ^ firstWord) & (flags | 0x00FF_00FF) | (last ^ identity) << 16
  }

  /// What words say that were read from a slot, checked.
  @inlinable @inline(__always)
  func header(_ first: UInt32, _ length: UInt32, _ last: UInt32) throws(MessageFault) -> MessageHeader {
    guard differences(first, last, 0xE000_0000) == 0, length <= MessageHeader.maximumLength else {
      if first & 0xFF != UInt32(MessageHeader.version) { throw .version }
      if (first ^ firstWord) & 0xE0FF_00FF != 0 { throw .malformed }
      throw last & 0xFFFF != identity ? .forged : .length
    }
    return describe(first, length, last)
  }

  @inlinable @inline(__always)
  func describe(_ first: UInt32, _ length: UInt32, _ last: UInt32) -> MessageHeader {
    MessageHeader(
      type: UInt8(truncatingIfNeeded: first >> 8),
      priority: Priority(rawValue: UInt8(truncatingIfNeeded: firstWord >> 16)) ?? .normal,
      flags: MessageFlags(rawValue: UInt8(truncatingIfNeeded: first >> 24)), length: length,
      station: UInt16(truncatingIfNeeded: last >> 16), sequence: UInt16(truncatingIfNeeded: next),
      generation: UInt16(truncatingIfNeeded: next >> 16), from: UInt8(truncatingIfNeeded: identity),
      to: UInt8(truncatingIfNeeded: identity >> 8))
  }

  /// Takes the next message's header, read once and checked, without its payload.
  @inlinable @inline(__always)
  func header<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) throws(MessageFault)
    -> MessageHeader
  {
    let (first, length, last) = window.loadAfter(slot(next))
    return try header(first, length, last)
  }

  /// Gives `count` slots back to the sender.
  @inlinable @inline(__always)
  mutating func release<Window: SharedWindow & ~Copyable>(_ count: UInt32, _ window: borrowing Window) {
    next = after(count)
    window.storeRelease(next, at: credit)
  }

  /// Takes the next message if one waits and its payload lies in the slots and fits `target`.
  ///
  /// - Returns: its header, or `nil` if none waits. What `target` holds beyond `length` is unchanged.
  /// - Throws: what makes the message unbelievable; the channel stands still until the link is reset.
  ///
  /// A cache line's worth, the commonest length of what is more than a word, has a way of its own: its checks are one
  /// comparison, its copies have constant counts and are unrolled.
  @inlinable @inline(__always)
  public mutating func receive<Window: SharedWindow & ~Copyable>(
    into target: inout MutableRawSpan, _ window: borrowing Window
  ) throws(MessageFault) -> MessageHeader? {
    guard try isReady(window) else { return nil }
    let (first, length, last) = window.loadAfter(slot(next))
    guard differences(first, last, 0xE400_0000) | (length ^ line) == 0, target.byteCount >= 64 else {
      return try receiveSlots(into: &target, window)
    }
    window.read(into: &target, from: 0, to: 48, at: slot(next) &+ 16)
    window.read(into: &target, from: 48, to: 64, at: slot(next &+ 1) &+ 4)
    let header = describe(first, length, last)
    release(2, window)
    return header
  }

  /// Takes the message that waits, of any length; reads its header anew and believes only this copy.
  @inlinable @inline(never)
  mutating func receiveSlots<Window: SharedWindow & ~Copyable>(
    into target: inout MutableRawSpan, _ window: borrowing Window
  ) throws(MessageFault) -> MessageHeader {
    let header = try header(window)
    let count = try copy(header, into: &target, window)
    release(count, window)
    return header
  }

  /// Copies a payload out of the slots and answers how many they are.
  @inlinable
  func copy<Window: SharedWindow & ~Copyable>(
    _ header: MessageHeader, into target: inout MutableRawSpan, _ window: borrowing Window
  ) throws(MessageFault) -> UInt32 {
    let end = Int(truncatingIfNeeded: header.length)
    let count = RingSender.slots(header.length)
    guard header.length <= 468, count <= mask &+ 1, end <= target.byteCount else { throw .length }
    guard !header.flags.contains(.chunked) else { throw .chunks }
    window.read(into: &target, from: 0, to: min(end, 48), at: slot(next) &+ 16)
    var done = 48
    var stamp = next
    while done < end {
      stamp = stamp &+ 1
      let part = done &+ 60 < end ? done &+ 60 : end
      window.read(into: &target, from: done, to: part, at: slot(stamp) &+ 4)
      done = part
    }
    return count
  }

  /// Takes the next message if it is one of eight bytes; its value in a register.
  @inlinable @inline(__always)
  public mutating func receive<Window: SharedWindow & ~Copyable>(
    _ window: borrowing Window
  ) throws(MessageFault) -> (header: MessageHeader, value: UInt64)? {
    guard try isReady(window) else { return nil }
    let (first, length, last) = window.loadAfter(slot(next))
    guard differences(first, last, 0xE400_0000) | (length ^ 8) == 0 else {
      _ = try header(first, length, last)
      throw .length
    }
    let header = describe(first, length, last)
    let value = window.loadPair(slot(next) &+ 16)
    release(1, window)
    return (header, value)
  }
}
