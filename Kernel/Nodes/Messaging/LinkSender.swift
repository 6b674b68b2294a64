/// One direction of a link, as its sending node holds it: three channels, a chunk pool and a generation.

import Window

/// What a link has done and what its peer did wrong; each node counts for itself.
public struct LinkCounters: BitwiseCopyable, Sendable {
  /// Messages and bytes of payload.
  public var messages: UInt64 = 0
  /// Bytes of payload.
  public var bytes: UInt64 = 0
  /// Sends that had to be tried again.
  public var refused: UInt64 = 0
  /// Resets under a new generation.
  public var resets: UInt64 = 0
  /// Faults of the peer, by `MessageFault.rawValue`.
  public var faults: InlineArray<9, UInt32> = .init(repeating: 0)

  /// Makes counters of nothing.
  public init() {}

  /// All faults together.
  public var faultCount: UInt64 {
    var sum: UInt64 = 0
    for index in faults.indices { sum += UInt64(faults[index]) }
    return sum
  }

  /// Counts a fault; the counter stops at its greatest value.
  @inlinable
  public mutating func count(_ fault: MessageFault) {
    let index = Int(fault.rawValue)
    if faults[index] != .max { faults[index] += 1 }
  }
}

/// The sending end of a link.
public struct LinkSender: BitwiseCopyable, Sendable {
  /// The three channels.
  public var mailbox: RingSender
  /// The urgent ring.
  public var high: RingSender
  /// The ring of everything else.
  public var normal: RingSender
  /// What was sent, and what the peer did wrong.
  public var counters = LinkCounters()
  /// The link's generation; the peer must take it before anything can be sent.
  public private(set) var generation: UInt16
  @usableFromInline let pair: UInt32
  @usableFromInline let layout: LinkLayout
  @usableFromInline let from: UInt8
  @usableFromInline let to: UInt8
  // One bit per chunk, flipped when it is lent; a chunk is free while its bit equals the peer's.
  @usableFromInline var lent: UInt32 = 0

  /// Takes over this end: whatever a former life left behind becomes void under a new generation.
  @inline(never)
  public init<Window: SharedWindow & ~Copyable>(
    from: UInt8, to: UInt8, layout: LinkLayout, _ window: borrowing Window
  ) {
    precondition(layout.start + layout.byteCount <= window.byteCount, "the links must lie in the window")
    pair = layout.pair(from: from, to: to)
    self.layout = layout
    self.from = from
    self.to = to
    let before = UInt16(truncatingIfNeeded: window.load(pair + LinkLayout.generation))
    generation = Self.after(before)
    mailbox = RingSender(
      pair: pair, layout: layout, priority: .mailbox, from: from, to: to, generation: generation)
    high = RingSender(pair: pair, layout: layout, priority: .high, from: from, to: to, generation: generation)
    normal = RingSender(
      pair: pair, layout: layout, priority: .normal, from: from, to: to, generation: generation)
    window.storeRelease(UInt32(generation), at: pair + LinkLayout.generation)
  }

  /// The generation after another; 0 is left out, because memory that nobody wrote is 0.
  @inlinable
  static func after(_ generation: UInt16) -> UInt16 { generation == .max ? 1 : generation + 1 }

  /// Resets the link if the peer asks for it; call this on every tick and whenever a send answers `again`.
  @inline(never)
  public mutating func service<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) {
    let wanted = UInt16(truncatingIfNeeded: window.loadAcquire(pair + LinkLayout.wanted))
    // A peer can ask for one generation only, the next; a request that is older was granted already.
    if wanted == Self.after(generation) { reset(window) }
  }

  /// Starts a new generation: nothing can be sent until the peer has taken it, and nothing sent before arrives
  /// after that.
  @inline(never)
  public mutating func reset<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) {
    generation = Self.after(generation)
    counters.resets += 1
    lent = 0
    mailbox = RingSender(
      pair: pair, layout: layout, priority: .mailbox, from: from, to: to, generation: generation)
    high = RingSender(pair: pair, layout: layout, priority: .high, from: from, to: to, generation: generation)
    normal = RingSender(
      pair: pair, layout: layout, priority: .normal, from: from, to: to, generation: generation)
    window.storeRelease(UInt32(generation), at: pair + LinkLayout.generation)
  }

  /// Sends a payload of any length over a channel; resets the link if the peer's credit is a lie.
  public mutating func send<Window: SharedWindow & ~Copyable>(
    _ payload: RawSpan, type: UInt8, priority: Priority = .normal, flags: MessageFlags = [],
    station: UInt16 = 0,
    _ window: borrowing Window
  ) -> SendResult {
    let result: SendResult
    if payload.byteCount > Int(layout.inlineLength(priority)) {
      result = sendChunked(payload, type: type, priority: priority, flags: flags, station: station, window)
    } else {
      result =
        switch priority {
        case .mailbox: mailbox.send(payload, type: type, flags: flags, station: station, window)
        case .high: high.send(payload, type: type, flags: flags, station: station, window)
        case .normal: normal.send(payload, type: type, flags: flags, station: station, window)
        }
    }
    switch result {
    case .sent:
      counters.messages &+= 1
      counters.bytes &+= UInt64(payload.byteCount)
    case .again:
      counters.refused &+= 1
      service(window)
    case .tooLong: break
    case .broken:
      counters.count(.credit)
      reset(window)
    }
    return result
  }

  /// The chunks that are not lent or were given back, one bit each; of meaning once the peer took this generation.
  func freeChunks<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) -> UInt32 {
    ~(lent ^ window.loadAcquire(pair + LinkLayout.returned)) & layout.chunkMask
  }

  private mutating func sendChunked<Window: SharedWindow & ~Copyable>(
    _ payload: RawSpan, type: UInt8, priority: Priority, flags: MessageFlags, station: UInt16,
    _ window: borrowing Window
  ) -> SendResult {
    let size = Int(layout.chunkBytes)
    let count = (payload.byteCount + size - 1) / size
    guard payload.byteCount <= Int(MessageHeader.maximumLength), count <= Int(layout.chunkCount),
      priority != .mailbox
    else { return .tooLong }
    var ring = priority == .high ? high : normal
    let room = ring.hasRoom(1, window)
    guard room == .sent else { return room }
    let free = freeChunks(window)
    guard free.nonzeroBitCount >= count else { return .again }
    var taken: UInt32 = 0
    for index in 0..<count {
      let chunk = UInt32((free & ~taken).trailingZeroBitCount)
      taken |= 1 << chunk
      let start = index * size
      window.write(
        payload, from: start, to: min(start + size, payload.byteCount),
        at: pair + layout.chunks + chunk * layout.chunkBytes
      )
    }
    lent ^= taken
    window.store(taken, at: ring.slot(ring.position) &+ 16)
    ring.publish(
      window, type: type, flags: flags.union(.chunked), length: UInt32(payload.byteCount), station: station,
      slots: 1)
    if priority == .high { high = ring } else { normal = ring }
    return .sent
  }
}
