/// From the raw bytes of a ring to events in the order in which they happened.

/// Reads a ring's bytes, which may come from a dump of another machine's memory and may hold anything.
public struct TraceDecoder: ~Copyable, ~Escapable {
  private let bytes: Span<UInt8>
  private let start: Int
  /// The number of events in the ring.
  public let count: Int

  /// Looks at the bytes of a ring; a part of an event at the end is ignored.
  ///
  /// Times only grow, so the oldest event is the one whose time is below that before it; a ring that has not
  /// wrapped has empty events behind its newest.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) {
    self.bytes = bytes
    let capacity = bytes.count / TraceEvent.size
    var used = 0
    while used < capacity, Self.event(in: bytes, at: used).kindCode != 0 { used += 1 }
    count = used
    var start = 0
    if used == capacity, used > 1 {
      var place = 1
      while place < used, Self.event(in: bytes, at: place).time >= Self.event(in: bytes, at: place - 1).time {
        place += 1
      }
      if place < used { start = place }
    }
    self.start = start
  }

  /// The event at `index`, from the oldest, 0, up to but not including `count`.
  public subscript(index: Int) -> TraceEvent {
    precondition(index >= 0 && index < count, "a trace was read past its end")
    let place = start + index
    return Self.event(in: bytes, at: place < count ? place : place - count)
  }

  private static func event(in bytes: Span<UInt8>, at place: Int) -> TraceEvent {
    let offset = place * TraceEvent.size
    return TraceEvent(
      time: bytes.number(at: offset, size: 8),
      kindCode: UInt16(truncatingIfNeeded: bytes.number(at: offset + 8, size: 2)),
      small: UInt16(truncatingIfNeeded: bytes.number(at: offset + 10, size: 2)),
      large: UInt32(truncatingIfNeeded: bytes.number(at: offset + 12, size: 4)))
  }
}
