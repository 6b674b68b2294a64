/// Messages between all nodes over a transport that loses, doubles, delays and damages them, every byte checked.
///
/// Frames travel as messages of the links; a fault injector with a seed stands before each link, and go-back-N above it
/// puts right what it does. What a message holds follows from sender, receiver and number, so its receiver computes it
/// again. All of it is done by the thread that owns the links.

import Arch
import Base
import CMachine
import Messaging
import PeerLinks
import Runtime
import Sync
import Transport
import Window

/// Carries frames as messages to one node; what finds no room is lost, as on a wire.
struct LinkCarrier: Transport, ~Copyable {
  let node: UInt8
  var frameCapacity: Int { 192 }

  mutating func send(_ frame: RawSpan) {
    guard let reference = LinksReference() else { return }
    let sent = unsafe reference.links.peers[Int(node)].sender.send(
      frame, type: MessageType.frame.rawValue, reference.links.window)
    if sent == .sent { reference.links.ring(node) }
  }

  mutating func receive(into target: inout MutableRawSpan) -> Int { 0 }
}

/// What is exchanged with one other node.
struct ExchangePeer: ~Copyable {
  var carrier: FaultyTransport<LinkCarrier>
  var sender: ReliableSender
  var receiver: ReliableReceiver
  var sent: UInt32 = 0
  var received: UInt32 = 0
  var wrong: UInt32 = 0
}

/// An exchange with all other members of a trial; made once, and begun anew for each trial.
@safe struct Exchange: ~Copyable {
  var trial: Trial
  var goal: UInt32
  var start: UInt64
  var isReported = false
  /// Memory for the frames that are under way.
  let memory: UInt
  /// A place for each node; those of members other than this node are made.
  let peers: UnsafeMutablePointer<ExchangePeer>
}

/// Where it is.
@safe struct ExchangeReference {
  let pointer: UnsafeMutablePointer<Exchange>

  /// The exchange of this node's links, or `nil` if there is none.
  init?(_ links: borrowing NodeLinks) {
    guard let pointer = unsafe UnsafeMutablePointer<Exchange>(bitPattern: links.exchange) else { return nil }
    // SAFETY: `beginExchange` left the address, and `endExchange` takes it away.
    unsafe self.pointer = pointer
  }

  var exchange: Exchange {
    unsafeAddress { unsafe UnsafePointer(pointer) }
    nonmutating unsafeMutableAddress { unsafe pointer }
  }
}

extension NodeLinks {
  /// Begins to exchange `count` thousand messages with each other member.
  mutating func beginExchange(_ begun: Trial) {
    endExchange()
    let places = unsafe allocate(ExchangePeer.self, Int(count))
    let memory = KernelHeap.allocate(Int(count) * 33 * 192, alignment: 64).rawValue
    let patience = NodeReference().node.clock.ticksPerMillisecond * 2
    for node in 0..<count where node != number && begun.members >> UInt64(node) & 1 != 0 {
      guard let frames = unsafe UnsafeMutableRawPointer(bitPattern: memory + UInt(node) * 33 * 192) else {
        return
      }
      let seed = UInt64(begun.session) << 16 | UInt64(number) << 8 | UInt64(node)
      // SAFETY: each node has 33 frames of that memory for itself, which stays until `endExchange`.
      unsafe (places + Int(node)).initialize(
        to: ExchangePeer(
          carrier: FaultyTransport(
            LinkCarrier(node: node), rates: FaultRates(drop: 1, duplicate: 1, delay: 1, corrupt: 1),
            seed: seed,
            scratch: frames + 32 * 192),
          sender: ReliableSender(
            from: number, to: node, generation: begun.session, patienceTicks: patience, memory: frames,
            frameCapacity: 192),
          receiver: ReliableReceiver(from: node, to: number)))
    }
    let place = unsafe allocate(Exchange.self, 1)
    unsafe place.initialize(
      to: Exchange(trial: begun, goal: begun.count * 1_000, start: cpu_rdtsc(), memory: memory, peers: places)
    )
    exchange = UInt(bitPattern: place)
  }

  private mutating func endExchange() {
    guard let old = ExchangeReference(self) else { return }
    exchange = 0
    unsafe KernelHeap.free(VirtualAddress(old.pointer.pointee.memory))
    unsafe KernelHeap.free(VirtualAddress(UInt(bitPattern: old.pointer.pointee.peers)))
    unsafe KernelHeap.free(VirtualAddress(UInt(bitPattern: old.pointer)))
  }

  /// The members with which this node exchanges messages.
  private mutating func isPartner(_ node: UInt8) -> Bool {
    guard let reference = ExchangeReference(self) else { return false }
    return node < count && node != number && reference.exchange.trial.members >> UInt64(node) & 1 != 0
  }

  /// Sends what there is room for, and again what was not acknowledged; says when all is done.
  mutating func stepExchange() {
    guard let reference = ExchangeReference(self), !reference.exchange.isReported else {
      tickExchange()
      return
    }
    var isDone = true
    var checked: UInt32 = 0
    var faults: UInt32 = 0
    var wrong: UInt32 = 0
    for node in 0..<count where isPartner(node) && lost >> UInt64(node) & 1 == 0 {
      let place = unsafe reference.exchange.peers + Int(node)
      unsafe Self.feed(&place.pointee, from: number, to: node, goal: reference.exchange.goal)
      if unsafe place.pointee.sent < reference.exchange.goal || place.pointee.sender.pendingCount > 0
        || place.pointee.received < reference.exchange.goal
      {
        isDone = false
      }
      checked &+= unsafe place.pointee.received
      wrong &+= unsafe place.pointee.wrong
      let met = unsafe place.pointee.carrier.faults
      faults &+= UInt32(truncatingIfNeeded: met.dropped + met.doubled + met.delayed + met.damaged)
    }
    tickExchange()
    guard isDone || wrong > 0 else { return }
    reference.exchange.isReported = true
    let rate = max(1, NodeReference().node.clock.ticksPerMillisecond / 1_000)
    trial.result = TrialResult(
      session: UInt32(reference.exchange.trial.session), status: wrong > 0 ? 1 : 0,
      values: (
        checked, faults, UInt32(truncatingIfNeeded: (cpu_rdtsc() &- reference.exchange.start) / rate)
      ))
  }

  /// What was not acknowledged is sent again, when this node has all it wants too: others may still wait for it.
  private mutating func tickExchange() {
    guard let reference = ExchangeReference(self) else { return }
    for node in 0..<count where isPartner(node) && lost >> UInt64(node) & 1 == 0 {
      let place = unsafe reference.exchange.peers + Int(node)
      unsafe place.pointee.sender.tick(at: cpu_rdtsc(), over: &place.pointee.carrier)
    }
  }

  private static func feed(_ peer: inout ExchangePeer, from: UInt8, to: UInt8, goal: UInt32) {
    var bytes = InlineArray<160, UInt8>(repeating: 0)
    while peer.sent < goal {
      let length = ExchangeMessage.length(peer.sent, from, to)
      for index in 0..<length { bytes[index] = ExchangeMessage.byte(index, peer.sent, from, to) }
      // SAFETY: bytes are bytes.
      let payload = unsafe bytes.span.bytes.extracting(0..<length)
      guard peer.sender.send(payload, type: 1, at: cpu_rdtsc(), over: &peer.carrier) == .sent else { return }
      peer.sent += 1
    }
  }

  /// Takes a frame in the buffer.
  mutating func takeFrame(from node: UInt8, count bytes: Int) {
    guard isPartner(node), let reference = ExchangeReference(self) else { return }
    // SAFETY: so many bytes of the message are in the buffer.
    let frame = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(buffer), byteCount: bytes)
    let place = unsafe reference.exchange.peers + Int(node)
    switch unsafe place.pointee.receiver.take(frame, replyingOver: &place.pointee.carrier) {
    case .nothing: break
    case .acknowledgement(let header): unsafe place.pointee.sender.acknowledge(header, at: cpu_rdtsc())
    case .message(let header):
      let sequence = unsafe place.pointee.received
      let length = ExchangeMessage.length(sequence, node, number)
      var isRight = Int(header.length) == length
      if isRight {
        for index in 0..<length
        where unsafe frame.unsafeLoad(fromByteOffset: 16 + index, as: UInt8.self)
          != ExchangeMessage.byte(index, sequence, node, number)
        { isRight = false }
      }
      unsafe place.pointee.received &+= 1
      if !isRight { unsafe place.pointee.wrong &+= 1 }
    }
  }
}

/// What a message holds.
private enum ExchangeMessage {
  /// 1 to 160 bytes.
  static func length(_ number: UInt32, _ from: UInt8, _ to: UInt8) -> Int {
    1 + Int((number &* 7 &+ UInt32(from) &* 3 &+ UInt32(to)) % 160)
  }
  static func byte(_ index: Int, _ number: UInt32, _ from: UInt8, _ to: UInt8) -> UInt8 {
    UInt8(
      truncatingIfNeeded: (UInt32(truncatingIfNeeded: index) &+ number &* 2_654_435_761) >> 3 &+ UInt32(from)
        &* 5
        &+ UInt32(to))
  }
}
