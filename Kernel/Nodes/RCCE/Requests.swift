/// Sends and receives that are under way, in the way of iRCCE: posted, pushed on, tested, waited for.
///
/// A message travels in parts of half a buffer. The sender copies a part into its own buffer and tells the receiver; the
/// receiver copies it out and tells the sender; then comes the next part. As in RCCE, nothing is kept for a receiver that
/// has not posted its receive, and a message must be as long as the room for it. Nothing here waits: `push` does what can
/// be done now, and whoever waits pushes again and again, so kernel threads, programs and a model checker run the same.
///
///     send:     queued ──▶ part written ──(taken)──▶ next part … ──▶ done
///     receive:  posted ──(stamp seen)──▶ part copied, taken told … ──▶ done

import Window

/// The memory that messages come from and go to; a kernel thread's own, or a program's.
public protocol UnitMemory: ~Copyable {
  /// Copies `count` bytes from an address into the window; false if they can't be read.
  mutating func read<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, to offset: UInt32, _ window: borrowing Window
  ) -> Bool
  /// Copies `count` bytes from the window to an address; false if they can't be written.
  mutating func write<Window: SharedWindow & ~Copyable>(
    _ address: UInt, count: Int, from offset: UInt32, _ window: borrowing Window
  ) -> Bool
}

/// How a request stands.
public enum RequestState: BitwiseCopyable, Hashable, Sendable {
  /// It is not over.
  case pending
  /// All bytes are where they should be; from or to which unit.
  case done(UInt8)
  /// It has ended otherwise.
  case failed(UnitError)
}

/// The requests of one unit.
///
/// - Invariant: at most one send is active, the oldest; of two receives from one unit the older one gets its message
///   first; a unit's messages are received in the order in which they were sent.
public struct Requests: BitwiseCopyable, Hashable, Sendable {
  /// The most requests at once.
  public static var capacity: Int { 16 }
  /// Any unit, for a receive.
  public static var any: UInt8 { 255 }
  /// The most bytes of a message.
  public static var maximumLength: UInt32 { 1 << 24 }

  private enum Kind: UInt8, BitwiseCopyable, Hashable { case free, send, receive }
  private struct Request: BitwiseCopyable, Hashable, Sendable {
    var kind = Kind.free
    var peer: UInt8 = 0
    var address: UInt = 0
    var size: UInt32 = 0
    var done: UInt32 = 0
    /// Bytes of the part that was written and not taken yet.
    var part: UInt32 = 0
    var isUnderWay = false
    var order: UInt32 = 0
    var state = RequestState.pending
  }
  private var requests = InlineArray<16, Request>(repeating: Request())
  private var nextOrder: UInt32 = 0
  /// The last stamp's sequence that was sent to each unit, and taken from each.
  private var sent = InlineArray<64, UInt16>(repeating: 0)
  private var taken = InlineArray<64, UInt16>(repeating: 0)
  /// The units that were found out to write nonsense: nothing is taken from them any more in this session.
  public private(set) var blamed: UInt64 = 0

  /// Makes a table without requests.
  @export(interface)
  public init() {}

  /// Two tables in the same state.
  public static func == (one: Requests, other: Requests) -> Bool {
    guard one.nextOrder == other.nextOrder, one.blamed == other.blamed else { return false }
    for index in 0..<capacity where one.requests[index] != other.requests[index] { return false }
    for index in 0..<64
    where one.sent[index] != other.sent[index] || one.taken[index] != other.taken[index] { return false }
    return true
  }

  /// Hashes what changes.
  public func hash(into hasher: inout Hasher) {
    for index in 0..<Self.capacity { hasher.combine(requests[index]) }
    for index in 0..<64 {
      hasher.combine(sent[index])
      hasher.combine(taken[index])
    }
  }

  /// Posts a send (iRCCE_isend).
  ///
  /// - Returns: the request's number.
  @export(interface)
  public mutating func send(_ unit: Unit, to peer: UInt8, address: UInt, count: UInt32) throws(UnitError)
    -> Int
  {
    guard peer < unit.count, peer != unit.number else { throw .unit }
    return try post(.send, peer, address, count)
  }

  /// Posts a receive (iRCCE_irecv) from a unit, or from `any`.
  @export(interface)
  public mutating func receive(_ unit: Unit, from peer: UInt8, address: UInt, count: UInt32)
    throws(UnitError) -> Int
  {
    guard peer == Self.any || peer < unit.count && peer != unit.number else { throw .unit }
    return try post(.receive, peer, address, count)
  }

  private mutating func post(_ kind: Kind, _ peer: UInt8, _ address: UInt, _ count: UInt32)
    throws(UnitError) -> Int
  {
    guard count > 0, count <= Self.maximumLength else { throw .range }
    for index in 0..<Self.capacity where requests[index].kind == .free {
      requests[index] = Request(kind: kind, peer: peer, address: address, size: count, order: nextOrder)
      nextOrder += 1
      return index
    }
    throw .full
  }

  /// How a request stands; one that is over is free again afterwards (iRCCE_isend_test, iRCCE_irecv_test).
  @export(interface)
  public mutating func test(_ number: Int) throws(UnitError) -> RequestState {
    guard (0..<Self.capacity).contains(number), requests[number].kind != .free else { throw .request }
    let state = requests[number].state
    if state != .pending { requests[number].kind = .free }
    return state
  }

  /// The first request of a list, one bit each, that is over; it is freed (iRCCE_wait_any).
  @export(interface)
  public mutating func testAny(_ list: UInt32) -> (number: Int, state: RequestState)? {
    for number in 0..<Self.capacity where list >> UInt32(number) & 1 != 0 {
      guard requests[number].kind != .free, requests[number].state != .pending else { continue }
      let state = requests[number].state
      requests[number].kind = .free
      return (number, state)
    }
    return nil
  }

  /// The requests that are not over, one bit each.
  public var pending: UInt32 {
    var mask: UInt32 = 0
    for index in 0..<Self.capacity where requests[index].kind != .free && requests[index].state == .pending {
      mask |= 1 << UInt32(index)
    }
    return mask
  }

  /// Takes back a receive that has begun nothing (iRCCE_irecv_cancel); false if it is too late.
  @export(interface)
  public mutating func cancel(_ number: Int) throws(UnitError) -> Bool {
    guard (0..<Self.capacity).contains(number), requests[number].kind != .free else { throw .request }
    guard requests[number].state == .pending, !requests[number].isUnderWay else { return false }
    requests[number].kind = .free
    return true
  }

  /// Does what can be done now for all requests (iRCCE_isend_push, iRCCE_irecv_push).
  ///
  /// - Parameter dead: units that can't write any more, one bit each: what needs them fails.
  /// - Returns: whether anything went on.
  @discardableResult
  @inline(never)
  public mutating func push<Window: SharedWindow & ~Copyable, Memory: UnitMemory & ~Copyable>(
    _ unit: Unit, _ memory: inout Memory, dead: UInt64 = 0, _ window: borrowing Window
  ) -> Bool {
    var progress = false
    if let index = oldest(.send) { progress = pushSend(index, unit, &memory, dead, window) }
    // Older receives first, so that a wildcard takes nothing that an older one waits for.
    var last: UInt32?
    while let index = oldest(.receive, after: last) {
      last = requests[index].order
      if pushReceive(index, unit, &memory, dead, window) { progress = true }
    }
    return progress
  }

  private func oldest(_ kind: Kind, after last: UInt32? = nil) -> Int? {
    var found: Int?
    for index in 0..<Self.capacity where requests[index].kind == kind && requests[index].state == .pending {
      if let last, requests[index].order <= last { continue }
      if let other = found, requests[other].order < requests[index].order { continue }
      found = index
    }
    return found
  }

  // MARK: - Sending

  private mutating func pushSend<Window: SharedWindow & ~Copyable, Memory: UnitMemory & ~Copyable>(
    _ index: Int, _ unit: Unit, _ memory: inout Memory, _ dead: UInt64, _ window: borrowing Window
  ) -> Bool {
    let peer = requests[index].peer
    if requests[index].part > 0 {
      let word = window.loadAcquire(unit.layout.taken(by: peer, from: unit.number))
      guard word == unit.stamp(sent[Int(peer)]) else {
        if isDead(peer, dead) { requests[index].state = .failed(.dead) }
        return isDead(peer, dead)
      }
      requests[index].done += requests[index].part
      requests[index].part = 0
      if requests[index].done == requests[index].size {
        requests[index].state = .done(peer)
        return true
      }
    }
    if isDead(peer, dead) {
      requests[index].state = .failed(.dead)
      return true
    }
    let done = requests[index].done
    let part = min(unit.layout.half, requests[index].size - done)
    guard
      memory.read(
        requests[index].address + UInt(done), count: Int(part), to: unit.layout.outgoing(unit.number), window)
    else {
      requests[index].state = .failed(.memory)
      return true
    }
    let next = Self.after(sent[Int(peer)])
    sent[Int(peer)] = next
    requests[index].part = part
    requests[index].isUnderWay = true
    let place = unit.layout.sent(from: unit.number, to: peer)
    window.store(part, at: place + 4)
    window.store(requests[index].size, at: place + 8)
    window.storeRelease(unit.stamp(next), at: place)
    return true
  }

  // MARK: - Receiving

  private mutating func pushReceive<Window: SharedWindow & ~Copyable, Memory: UnitMemory & ~Copyable>(
    _ index: Int, _ unit: Unit, _ memory: inout Memory, _ dead: UInt64, _ window: borrowing Window
  ) -> Bool {
    if requests[index].peer == Self.any {
      guard let found = sender(for: index, unit, window) else {
        // A wildcard fails when nobody is left who could send.
        let all: UInt64 = unit.count == 64 ? .max : (1 << UInt64(unit.count)) - 1
        guard (dead | blamed | 1 << UInt64(unit.number)) & all == all else { return false }
        requests[index].state = .failed(.dead)
        return true
      }
      requests[index].peer = found
    }
    let peer = requests[index].peer
    guard isOldest(index, from: peer) else { return false }
    guard hasPart(peer, unit, window) else {
      guard isDead(peer, dead) || blamed >> UInt64(peer) & 1 != 0 else { return false }
      requests[index].state = .failed(isDead(peer, dead) ? .dead : .malformed)
      return true
    }
    take(index, unit, &memory, window)
    return true
  }

  /// Copies a part that has come.
  private mutating func take<Window: SharedWindow & ~Copyable, Memory: UnitMemory & ~Copyable>(
    _ index: Int, _ unit: Unit, _ memory: inout Memory, _ window: borrowing Window
  ) {
    let peer = requests[index].peer
    let place = unit.layout.sent(from: peer, to: unit.number)
    // Each read once: claims until they are checked.
    let part = window.load(place + 4)
    let size = window.load(place + 8)
    let rest = requests[index].size - requests[index].done
    guard part > 0, part <= unit.layout.half, size == requests[index].size, part <= rest else {
      let isLength = part > 0 && part <= unit.layout.half && requests[index].done == 0
      requests[index].state = .failed(isLength ? .length : .malformed)
      if !isLength { blamed |= 1 << UInt64(peer) }
      return
    }
    requests[index].isUnderWay = true
    let isWritten = memory.write(
      requests[index].address + UInt(requests[index].done), count: Int(part),
      from: unit.layout.outgoing(peer),
      window)
    let next = Self.after(taken[Int(peer)])
    taken[Int(peer)] = next
    window.storeRelease(unit.stamp(next), at: unit.layout.taken(by: unit.number, from: peer))
    requests[index].done += part
    if !isWritten {
      requests[index].state = .failed(.memory)
    } else if requests[index].done == requests[index].size {
      requests[index].state = .done(peer)
    }
  }

  /// A unit that has sent something which no other receive waits for.
  private func sender<Window: SharedWindow & ~Copyable>(
    for index: Int, _ unit: Unit, _ window: borrowing Window
  ) -> UInt8? {
    for peer in 0..<unit.count where peer != unit.number && hasPart(peer, unit, window) {
      var isWanted = false
      for other in 0..<Self.capacity
      where other != index && requests[other].kind == .receive && requests[other].state == .pending
        && requests[other].peer == peer
      { isWanted = true }
      if !isWanted { return peer }
    }
    return nil
  }

  private func isOldest(_ index: Int, from peer: UInt8) -> Bool {
    for other in 0..<Self.capacity
    where requests[other].kind == .receive && requests[other].state == .pending
      && requests[other].peer == peer
      && requests[other].order < requests[index].order
    { return false }
    return true
  }

  private func hasPart<Window: SharedWindow & ~Copyable>(
    _ peer: UInt8, _ unit: Unit, _ window: borrowing Window
  ) -> Bool {
    guard blamed >> UInt64(peer) & 1 == 0 else { return false }
    let word = window.loadAcquire(unit.layout.sent(from: peer, to: unit.number))
    return word == unit.stamp(Self.after(taken[Int(peer)]))
  }

  private func isDead(_ peer: UInt8, _ dead: UInt64) -> Bool { dead >> UInt64(peer) & 1 != 0 }

  /// Sequences run from 1 to 65535: 0 is what nobody wrote.
  private static func after(_ sequence: UInt16) -> UInt16 { sequence == .max ? 1 : sequence + 1 }
}
