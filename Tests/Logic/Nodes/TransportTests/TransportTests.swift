import Messaging
import Testing
import Transport

/// Two ends over two queues, each with faults of its own.
private struct Wire: ~Copyable {
  static let capacity = 256
  let memory: UnsafeMutableRawPointer
  var there: FaultyTransport<Loopback>
  var back: FaultyTransport<Loopback>
  var sender: ReliableSender
  var receiver = ReliableReceiver(from: 0, to: 1)
  // The end that sends takes acknowledgements alone.
  var listener = ReliableReceiver(from: 1, to: 0)

  init(_ rates: FaultRates, seed: UInt64, generation: UInt16 = 1) {
    let slots = 128
    let queue = slots * (Self.capacity + 8)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 2 * queue + 34 * Self.capacity, alignment: 16)
    self.memory = memory
    func loopback(_ index: Int) -> Loopback {
      unsafe Loopback(memory: memory + index * queue, slots: slots, frameCapacity: Self.capacity)
    }
    let rest = memory + 2 * queue
    there = unsafe FaultyTransport(loopback(0), rates: rates, seed: seed, scratch: rest)
    back = unsafe FaultyTransport(loopback(1), rates: rates, seed: seed &+ 1, scratch: rest + Self.capacity)
    sender = unsafe ReliableSender(
      from: 0, to: 1, generation: generation, patienceTicks: 8, memory: rest + 2 * Self.capacity,
      frameCapacity: Self.capacity)
  }

  deinit { memory.deallocate() }

  /// What the next frame brings to the receiver, and the payload.
  mutating func deliver() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: Self.capacity)
    var span = bytes.mutableSpan
    var target = span.mutableBytes
    let count = there.receive(into: &target)
    guard count > 0 else { return nil }
    let frame = bytes.span.bytes.extracting(0..<count)
    guard case .message(let header) = receiver.take(frame, replyingOver: &back) else { return nil }
    return Array(bytes[16..<(16 + Int(header.length))])
  }

  /// Takes the acknowledgements that have come back.
  mutating func listen(at now: UInt64) {
    var bytes = [UInt8](repeating: 0, count: Self.capacity)
    while true {
      var span = bytes.mutableSpan
      var target = span.mutableBytes
      let count = back.receive(into: &target)
      guard count > 0 else { return }
      let frame = bytes.span.bytes.extracting(0..<count)
      if case .acknowledgement(let header) = listener.take(frame, replyingOver: &there) {
        sender.acknowledge(header, at: now)
      }
    }
  }
}

private func payload(_ number: Int) -> [UInt8] {
  (0..<(number % 200)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
    + [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
}

/// Sends `goal` messages; answers how many arrived and how many of them were wrong.
private func run(
  _ wire: inout Wire, goal: Int, payload: (Int) -> [UInt8]
) -> (received: Int, wrong: Int) {
  var sent = 0
  var received = 0
  var wrong = 0
  var now: UInt64 = 0
  while received < goal, now < UInt64(goal) * 60 {
    now += 1
    if sent < goal {
      let bytes = payload(sent)
      if wire.sender.send(bytes.span.bytes, type: 9, at: now, over: &wire.there) == .sent { sent += 1 }
    }
    if let bytes = wire.deliver() {
      if bytes != payload(received) { wrong += 1 }
      received += 1
    }
    wire.listen(at: now)
    wire.sender.tick(at: now, over: &wire.there)
  }
  return (received, wrong)
}

@Test(
  arguments: [
    FaultRates(), FaultRates(drop: 25), FaultRates(duplicate: 50), FaultRates(delay: 50),
    FaultRates(corrupt: 25), FaultRates(drop: 20, duplicate: 20, delay: 20, corrupt: 20),
  ], [1, 2])
func everyMessageArrivesOnceAndInOrder(rates: FaultRates, seed: UInt64) {
  var wire = Wire(rates, seed: seed)
  let result = run(&wire, goal: 1_000, payload: payload)
  #expect(result.received == 1_000 && result.wrong == 0, "seed \(seed): \(result)")
  let faults = wire.there.faults
  let damagedSeen = wire.receiver.faultCount
  #expect(rates.drop == 0 || faults.dropped > 20)
  #expect(rates.duplicate == 0 || faults.doubled > 20)
  #expect(rates.delay == 0 || faults.delayed > 20)
  #expect(rates.corrupt == 0 || faults.damaged > 20 && damagedSeen > 20)
  #expect(rates.corrupt > 0 || damagedSeen == 0)
}

@Test func theSequenceWrapsAround() {
  var wire = Wire(FaultRates(drop: 2), seed: 1)
  let goal = 66_000
  let result = run(&wire, goal: goal) { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  #expect(result.received == goal && result.wrong == 0, "\(result)")
}

@Test func aNewLifeVoidsTheFormerOne() {
  var wire = Wire(FaultRates(), seed: 1, generation: 7)
  let old = payload(5)
  _ = wire.sender.send(old.span.bytes, type: 1, at: 0, over: &wire.there)
  #expect(wire.deliver() == old)
  // Frames of generation 7 that are still on their way when generation 8 has begun.
  _ = wire.sender.send(old.span.bytes, type: 1, at: 0, over: &wire.there)
  let memory = UnsafeMutableRawPointer.allocate(byteCount: 32 * 256, alignment: 16)
  defer { memory.deallocate() }
  var reborn = unsafe ReliableSender(
    from: 0, to: 1, generation: 8, patienceTicks: 8, memory: memory, frameCapacity: 256)
  let new = payload(6)
  _ = reborn.send(new.span.bytes, type: 1, at: 0, over: &wire.there)
  #expect(wire.deliver() == old)
  #expect(wire.deliver() == new)
  _ = wire.sender.send(old.span.bytes, type: 1, at: 0, over: &wire.there)
  #expect(wire.deliver() == nil)
  #expect(wire.receiver.generation == 8 && wire.receiver.outOfTurnCount == 1)
}

@Test func noDamagedFrameIsBelieved() {
  var target = [UInt8](repeating: 0, count: 64)
  let bytes = payload(30)
  let header = MessageHeader(
    type: 3, length: UInt32(bytes.count), sequence: 4, generation: 5, from: 6, to: 7)
  var span = target.mutableSpan
  var raw = span.mutableBytes
  let count = Frame.encode(header, bytes.span.bytes, into: &raw)
  let whole = Array(target.prefix(count))
  #expect((try? Frame.decode(whole.span.bytes)) == header)
  for bit in 0..<(count * 8) {
    var damaged = whole
    damaged[bit / 8] ^= 1 << UInt8(bit % 8)
    let isRefused = (try? Frame.decode(damaged.span.bytes)) == nil
    #expect(isRefused, "bit \(bit)")
  }
  for length in 0..<count {
    let isRefused = (try? Frame.decode(Array(whole.prefix(length)).span.bytes)) == nil
    #expect(isRefused, "\(length) bytes")
  }
}

@Test func aFrameIsTheSameEverywhere() {
  var target = [UInt8](repeating: 0, count: 32)
  let bytes: [UInt8] = [0xAA, 0xBB, 0xCC]
  var span = target.mutableSpan
  var raw = span.mutableBytes
  let header = MessageHeader(
    type: 0x11, flags: .call, length: 3, station: 0x2233, sequence: 0x4455, generation: 0x6677, from: 0x88,
    to: 0x99)
  let count = Frame.encode(header, bytes.span.bytes, into: &raw)
  // Written down by hand from the layout; the checksum by an independent CRC-32C (polynomial 0x82F63B78).
  let expected: [UInt8] = [
    0x55, 0x44, 0x77, 0x66, 0x01, 0x11, 0x02, 0x01, 0x03, 0x00, 0x00, 0x00, 0x88, 0x99, 0x33, 0x22, 0xAA,
    0xBB,
    0xCC,
  ]
  #expect(Array(target[0..<19]) == expected)
  var sum: UInt32 = .max
  for byte in expected {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
  }
  let stored = (0..<4).reduce(UInt32(0)) { $0 | UInt32(target[19 + $1]) << UInt32(8 * $1) }
  #expect(count == 23 && stored == ~sum)
}

@Test func theWindowIsTheMostUnderWay() {
  var wire = Wire(FaultRates(), seed: 1)
  let bytes = payload(1)
  for _ in 0..<32 {
    let result = wire.sender.send(bytes.span.bytes, type: 1, at: 0, over: &wire.there)
    #expect(result == .sent)
  }
  let refused = wire.sender.send(bytes.span.bytes, type: 1, at: 0, over: &wire.there)
  #expect(refused == .again)
  let long = [UInt8](repeating: 0, count: 237)
  let tooLong = wire.sender.send(long.span.bytes, type: 1, at: 0, over: &wire.there)
  #expect(tooLong == .tooLong)
  _ = wire.deliver()
  wire.listen(at: 1)
  let taken = wire.sender.send(bytes.span.bytes, type: 1, at: 0, over: &wire.there)
  #expect(taken == .sent)
}
