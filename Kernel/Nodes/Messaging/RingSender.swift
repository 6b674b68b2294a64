/// The sending half of a channel: a ring of 64-byte slots with one producer and one consumer.
///
/// There is no tail to read. A slot begins with a stamp, the link's generation and the slot's position; the
/// consumer waits for the stamp it expects next, so an empty poll and a full one touch one cache line. A message of
/// several slots writes its first stamp last. Stamps of an earlier lap or generation never equal the expected one,
/// so nothing is cleared on a restart.

import Window

/// What became of a message that was handed over.
public enum SendResult: UInt8, BitwiseCopyable, Sendable {
  /// It lies in the ring; the peer will find it.
  case sent
  /// The ring or the chunk pool is full, or the peer has not yet taken this generation: try again later.
  case again
  /// The message is longer than this channel or this machine's pool can ever take.
  case tooLong
  /// The peer's credit makes no sense; the link must be reset.
  case broken
}

/// The producer's state of one channel, private to the sending node.
///
/// - Invariant: `0 ≤ limit − position ≤ slots`, and the consumer has read everything up to `limit − slots`.
public struct RingSender: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline let base: UInt32
  @usableFromInline let mask: UInt32
  @usableFromInline let credit: UInt32
  @usableFromInline let identity: UInt32
  @usableFromInline let firstWord: UInt32
  @usableFromInline var position: UInt32 = 0
  @usableFromInline var limit: UInt32 = 0
  @usableFromInline var generation: UInt32

  @usableFromInline
  init(pair: UInt32, layout: LinkLayout, priority: Priority, from: UInt8, to: UInt8, generation: UInt16) {
    base = pair + layout.ring(priority)
    mask = layout.slots(priority) - 1
    credit = pair + LinkLayout.credit + 4 * UInt32(priority.rawValue)
    identity = UInt32(to) << 8 | UInt32(from)
    firstWord = UInt32(priority.rawValue) << 16 | UInt32(MessageHeader.version)
    self.generation = UInt32(generation) << 16
  }

  /// The slots that a payload takes: 48 bytes in the first, 60 in each other.
  @inlinable @inline(__always)
  static func slots(_ length: UInt32) -> UInt32 { length <= 48 ? 1 : (length &+ 71) / 60 }

  /// Whether `count` slots are free; looks at the peer's credit only when it does not know of enough.
  @inlinable @inline(__always)
  mutating func hasRoom<Window: SharedWindow & ~Copyable>(_ count: UInt32, _ window: borrowing Window)
    -> SendResult
  {
    if limit &- position >= count { return .sent }
    return refill(count, window)
  }

  /// Reads the credit.
  ///
  /// A peer that claims to have read more than was sent, or less than before, is not believed.
  @inlinable @inline(never)
  mutating func refill<Window: SharedWindow & ~Copyable>(_ count: UInt32, _ window: borrowing Window)
    -> SendResult
  {
    let claim = window.loadAcquire(credit)
    guard claim & 0xFFFF_0000 == generation else { return .again }
    let slots = mask &+ 1
    // Both distances are counted modulo 65536, where rings of at most 4096 slots leave no doubt.
    let unread = (position &- claim) & 0xFFFF
    // What was unread when the limit was set, and what was sent since: it can only have become less.
    guard unread <= slots &- (limit &- position) else { return .broken }
    limit = position &+ (slots &- unread)
    return limit &- position >= count ? .sent : .again
  }

  @inlinable @inline(__always)
  func slot(_ position: UInt32) -> UInt32 { base &+ (position & mask) &* 64 }

  @inlinable @inline(__always)
  func stamp(_ position: UInt32) -> UInt32 { generation | position & 0xFFFF }

  /// Writes words 1 to 3 and, last, the stamp that announces the message; moves on by `count` slots.
  @inlinable @inline(__always)
  mutating func publish<Window: SharedWindow & ~Copyable>(
    _ window: borrowing Window, type: UInt8, flags: MessageFlags, length: UInt32, station: UInt16,
    slots count: UInt32
  ) {
    let place = slot(position)
    window.storeAfter(
      place, firstWord | UInt32(type) << 8 | UInt32(flags.rawValue) << 24, length,
      identity | UInt32(station) << 16)
    window.storeRelease(stamp(position), at: place)
    position = position &+ count
  }

  /// Sends eight bytes.
  @inlinable @inline(__always)
  public mutating func send<Window: SharedWindow & ~Copyable>(
    _ value: UInt64, type: UInt8, flags: MessageFlags = [], station: UInt16 = 0, _ window: borrowing Window
  ) -> SendResult {
    let room = hasRoom(1, window)
    guard room == .sent else { return room }
    window.storePair(value, at: slot(position) &+ 16)
    publish(window, type: type, flags: flags, length: 8, station: station, slots: 1)
    return .sent
  }

  /// Sends bytes that fit the slots; `LinkSender` sends what is longer.
  @inlinable @inline(__always)
  public mutating func send<Window: SharedWindow & ~Copyable>(
    _ payload: RawSpan, type: UInt8, flags: MessageFlags = [], station: UInt16 = 0, _ window: borrowing Window
  ) -> SendResult {
    // A line's worth, the commonest length of what is more than a word: copies of constant counts are unrolled.
    guard payload.byteCount == 64, mask != 0 else {
      return sendSlots(payload, type: type, flags: flags, station: station, window)
    }
    let room = hasRoom(2, window)
    guard room == .sent else { return room }
    window.write(payload, from: 0, to: 48, at: slot(position) &+ 16)
    let place = slot(position &+ 1)
    window.write(payload, from: 48, to: 64, at: place &+ 4)
    window.store(stamp(position &+ 1), at: place)
    publish(window, type: type, flags: flags, length: 64, station: station, slots: 2)
    return .sent
  }

  /// Sends bytes of any length that slots may hold.
  @inlinable @inline(never)
  mutating func sendSlots<Window: SharedWindow & ~Copyable>(
    _ payload: RawSpan, type: UInt8, flags: MessageFlags, station: UInt16, _ window: borrowing Window
  ) -> SendResult {
    let length = UInt32(truncatingIfNeeded: payload.byteCount)
    guard payload.byteCount <= 468 else { return .tooLong }
    let count = Self.slots(length)
    guard count <= mask &+ 1 else { return .tooLong }
    let room = hasRoom(count, window)
    guard room == .sent else { return room }
    let end = payload.byteCount
    window.write(payload, from: 0, to: min(end, 48), at: slot(position) &+ 16)
    var done = 48
    var place = position
    while done < end {
      place = place &+ 1
      let next = done &+ 60 < end ? done &+ 60 : end
      window.write(payload, from: done, to: next, at: slot(place) &+ 4)
      // Nobody waits for this stamp; it is there so that no payload can pass for one after a lap.
      window.store(stamp(place), at: slot(place))
      done = next
    }
    publish(window, type: type, flags: flags, length: length, station: station, slots: count)
    return .sent
  }
}
