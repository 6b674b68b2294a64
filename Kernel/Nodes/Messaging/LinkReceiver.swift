/// One direction of a link, as its receiving node holds it: contains whatever the sender does.

import Window

/// The receiving end of a link.
///
/// - Invariant: no byte of the window is believed before its copy was checked; after a fault nothing is taken until
///   the sender has started the generation that was asked for.
public struct LinkReceiver: BitwiseCopyable, Sendable {
  /// The three channels.
  public var mailbox: RingReceiver
  /// The urgent ring.
  public var high: RingReceiver
  /// The ring of everything else.
  public var normal: RingReceiver
  /// What was received, and what the peer did wrong.
  public var counters = LinkCounters()
  /// The generation that this end has taken; 0 before the first.
  public private(set) var generation: UInt16 = 0
  /// Whether a fault was found and the sender has not reset the link yet.
  public private(set) var isBroken = false
  @usableFromInline let pair: UInt32
  @usableFromInline let layout: LinkLayout
  @usableFromInline var returned: UInt32 = 0

  /// Takes over this end and asks the sender for a new generation, because positions of a former life are lost.
  @inline(never)
  public init<Window: SharedWindow & ~Copyable>(
    from: UInt8, to: UInt8, layout: LinkLayout, _ window: borrowing Window
  ) {
    precondition(layout.start + layout.byteCount <= window.byteCount, "the links must lie in the window")
    pair = layout.pair(from: from, to: to)
    self.layout = layout
    mailbox = RingReceiver(pair: pair, layout: layout, priority: .mailbox, from: from, to: to)
    high = RingReceiver(pair: pair, layout: layout, priority: .high, from: from, to: to)
    normal = RingReceiver(pair: pair, layout: layout, priority: .normal, from: from, to: to)
    let taken = UInt16(truncatingIfNeeded: window.load(pair + LinkLayout.credit) >> 16)
    let offered = UInt16(truncatingIfNeeded: window.loadAcquire(pair + LinkLayout.generation))
    // If this end, in a former life, already took what is offered, the sender may be in the middle of it.
    if taken == offered, offered != 0 {
      generation = offered
      isBroken = true
      window.storeRelease(UInt32(LinkSender.after(offered)), at: pair + LinkLayout.wanted)
    } else {
      service(window)
    }
  }

  /// Takes a generation that the sender offers; call this on every tick and whenever nothing waits.
  @inline(never)
  public mutating func service<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) {
    let offered = UInt16(truncatingIfNeeded: window.loadAcquire(pair + LinkLayout.generation))
    guard offered != generation, offered != 0 else { return }
    generation = offered
    isBroken = false
    counters.resets += 1
    returned = 0
    window.store(0, at: pair + LinkLayout.returned)
    let stamp = UInt32(offered) << 16
    for priority in Priority.allCases {
      let offset = pair + LinkLayout.credit + 4 * UInt32(priority.rawValue)
      window.storeRelease(stamp, at: offset)
    }
    mailbox.begin(stamp)
    high.begin(stamp)
    normal.begin(stamp)
  }

  /// Takes the next message of the most urgent channel that has one.
  ///
  /// - Parameter target: must hold `MessageHeader.maximumLength` bytes if the peer may send as many; a message that
  ///   does not fit counts as a fault of length.
  @inline(never)
  public mutating func receive<Window: SharedWindow & ~Copyable>(
    into target: inout MutableRawSpan, _ window: borrowing Window
  ) -> MessageHeader? {
    if !isBroken {
      do throws(MessageFault) {
        if try mailbox.isReady(window) { return try take(.mailbox, &target, window) }
        if try high.isReady(window) { return try take(.high, &target, window) }
        if try normal.isReady(window) { return try take(.normal, &target, window) }
      } catch {
        fail(error, window)
      }
    }
    service(window)
    return nil
  }

  /// Counts a fault, stops believing this generation, and asks for the next.
  public mutating func fail<Window: SharedWindow & ~Copyable>(
    _ fault: MessageFault, _ window: borrowing Window
  ) {
    counters.count(fault)
    isBroken = true
    window.storeRelease(UInt32(LinkSender.after(generation)), at: pair + LinkLayout.wanted)
  }

  private mutating func take<Window: SharedWindow & ~Copyable>(
    _ priority: Priority, _ target: inout MutableRawSpan, _ window: borrowing Window
  ) throws(MessageFault) -> MessageHeader {
    var ring =
      switch priority {
      case .mailbox: mailbox
      case .high: high
      case .normal: normal
      }
    let header = try ring.header(window)
    var slots: UInt32 = 1
    if header.flags.contains(.chunked) {
      try takeChunks(header, ring, &target, window)
    } else {
      slots = try ring.copy(header, into: &target, window)
    }
    ring.release(slots, window)
    switch priority {
    case .mailbox: mailbox = ring
    case .high: high = ring
    case .normal: normal = ring
    }
    counters.messages &+= 1
    counters.bytes &+= UInt64(header.length)
    return header
  }

  private mutating func takeChunks<Window: SharedWindow & ~Copyable>(
    _ header: MessageHeader, _ ring: RingReceiver, _ target: inout MutableRawSpan, _ window: borrowing Window
  ) throws(MessageFault) {
    let mask = window.load(ring.slot(ring.next) &+ 16)
    let size = Int(layout.chunkBytes)
    let length = Int(header.length)
    guard mask & ~layout.chunkMask == 0, mask.nonzeroBitCount == (length + size - 1) / size else {
      throw .chunks
    }
    guard length <= target.byteCount else { throw .length }
    var rest = mask
    var done = 0
    while rest != 0 {
      let chunk = UInt32(rest.trailingZeroBitCount)
      rest &= rest - 1
      let end = min(done + size, length)
      window.read(into: &target, from: done, to: end, at: pair + layout.chunks + chunk * layout.chunkBytes)
      done = end
    }
    returned ^= mask
    window.storeRelease(returned, at: pair + LinkLayout.returned)
  }
}
