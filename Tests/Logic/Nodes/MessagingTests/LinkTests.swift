import Base
import Messaging
import SeededRandomness
import Testing
import Window

/// Two ends of one direction, opened.
struct Pair {
  let host: HostWindow
  let layout: LinkLayout
  var sender: LinkSender
  var receiver: LinkReceiver
  var buffer = [UInt8](repeating: 0, count: 65536)

  init(highSlots: UInt32 = 4, normalSlots: UInt32 = 8, chunkCount: UInt32 = 16, chunkBytes: UInt32 = 4096) {
    host = HostWindow(byteCount: 1 << 20)
    layout = fits(
      LinkLayout(
        nodeCount: 2, highSlots: highSlots, normalSlots: normalSlots, chunkCount: chunkCount,
        chunkBytes: chunkBytes,
        in: 1 << 20))
    sender = LinkSender(from: 0, to: 1, layout: layout, host.window)
    receiver = LinkReceiver(from: 0, to: 1, layout: layout, host.window)
  }

  mutating func send(_ bytes: [UInt8], type: UInt8 = 1, _ priority: Priority = .normal) -> SendResult {
    let window = host.window
    return sender.send(bytes.span.bytes, type: type, priority: priority, window)
  }

  mutating func receive() -> (header: MessageHeader, bytes: [UInt8])? {
    // Moved out and back: a span of a stored property would borrow all of the pair.
    var bytes = buffer
    buffer = []
    defer { buffer = bytes }
    let window = host.window
    var span = bytes.mutableSpan
    var target = span.mutableBytes
    guard let header = receiver.receive(into: &target, window) else { return nil }
    return (header, Array(bytes[0..<Int(header.length)]))
  }
}

func pattern(_ count: Int, _ seed: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed) }
}

@Test(arguments: [0, 1, 7, 8, 47, 48, 49, 64, 108, 109, 467, 468, 469, 4096, 4097, 65535, 65536])
func everyLengthArrivesAsItWas(length: Int) {
  var pair = Pair()
  for turn in 0..<20 {
    let sent = pair.send(pattern(length, turn))
    #expect(sent == .sent)
    let message = pair.receive()
    #expect(message?.bytes == pattern(length, turn))
    #expect(message?.header.from == 0 && message?.header.to == 1 && message?.header.type == 1)
  }
  #expect(pair.receiver.counters.faultCount == 0 && pair.sender.counters.faultCount == 0)
}

@Test func fullRingRefusesOneMoreAndTakesItLater() {
  var pair = Pair()
  for index in 0..<8 {
    let sent = pair.send([UInt8(index)])
    #expect(sent == .sent)
  }
  let refused = pair.send([9])
  #expect(refused == .again)
  #expect(pair.receive()?.bytes == [0])
  let sent = pair.send([9])
  #expect(sent == .sent)
  for expected in [1, 2, 3, 4, 5, 6, 7, 9] { #expect(pair.receive()?.bytes == [UInt8(expected)]) }
  #expect(pair.receive() == nil)
}

@Test func tooLongForThePoolIsSaidAtOnce() {
  var pair = Pair(chunkCount: 2, chunkBytes: 256)
  let refused = pair.send(pattern(513, 0))
  #expect(refused == .tooLong)
  let fits = pair.send(pattern(512, 0))
  let second = pair.send(pattern(512, 0))
  #expect(fits == .sent && second == .again)
}

@Test func urgentMessagesOvertake() {
  var pair = Pair()
  _ = pair.send([1], .normal)
  _ = pair.send([2], .high)
  _ = pair.send([3], .mailbox)
  #expect([pair.receive()?.bytes, pair.receive()?.bytes, pair.receive()?.bytes] == [[3], [2], [1]])
}

@Test func restartedSenderVoidsWhatItsFormerSelfLeft() {
  var pair = Pair()
  _ = pair.send([1])
  pair.sender = LinkSender(from: 0, to: 1, layout: pair.layout, pair.host.window)
  let tooEarly = pair.send([2])
  #expect(tooEarly == .again, "nothing may be overwritten until the receiver has taken the generation")
  while pair.receive() != nil {}
  let sent = pair.send([3])
  #expect(sent == .sent)
  #expect(pair.receive()?.bytes == [3])
}

@Test func restartedReceiverAsksForANewGeneration() {
  var pair = Pair()
  _ = pair.send([1])
  _ = pair.receive()
  pair.receiver = LinkReceiver(from: 0, to: 1, layout: pair.layout, pair.host.window)
  #expect(pair.receive() == nil)
  pair.sender.service(pair.host.window)
  #expect(pair.receive() == nil)
  let sent = pair.send([2])
  #expect(sent == .sent)
  #expect(pair.receive()?.bytes == [2])
}

/// Each line breaks one word of the first slot of the normal ring, as a peer that ignores the protocol would.
@Test(
  arguments: [
    (MessageFault.version, 4, 0x0002_0102), (.malformed, 4, 0x0001_0101), (.malformed, 4, 0x8002_0101),
    (.length, 8, 65537), (.length, 8, 500), (.forged, 12, 0x0000_0101), (.forged, 12, 0x0000_0200),
    (.sequence, 0, 0x0001_0003), (.chunks, 4, 0x0402_0101),
  ] as [(MessageFault, UInt32, UInt32)])
func aPeerThatLiesIsContainedAndTheLinkRecovers(fault: MessageFault, word: UInt32, value: UInt32) {
  var pair = Pair()
  _ = pair.send([1])
  let slot = pair.layout.pair(from: 0, to: 1) + pair.layout.ring(.normal)
  if fault == .chunks { pair.host.window.store(0xFFFF_0000, at: slot + 16) }
  pair.host.window.store(value, at: slot + word)
  #expect(pair.receive() == nil)
  #expect(pair.receiver.isBroken && pair.receiver.counters.faults[Int(fault.rawValue)] == 1)
  #expect(pair.receive() == nil, "a broken link is not read again")
  pair.sender.service(pair.host.window)
  #expect(pair.receive() == nil && !pair.receiver.isBroken)
  let sent = pair.send([5])
  #expect(sent == .sent)
  #expect(pair.receive()?.bytes == [5])
}

@Test func aReceiverThatLiesAboutCreditIsReset() {
  var pair = Pair()
  let credit = pair.layout.pair(from: 0, to: 1) + 68 + 8
  for _ in 0..<8 { _ = pair.send([1]) }
  pair.host.window.store(0x0001_0000 | 9, at: credit)
  let sent = pair.send([2])
  #expect(sent == .broken && pair.sender.counters.faults[Int(MessageFault.credit.rawValue)] == 1)
  #expect(pair.receive() != nil, "what was sent before is still whole")
}

@Test func sequenceNumbersWrapAround() {
  var pair = Pair()
  for index in 0..<70_000 {
    let sent = pair.send(pattern(50, index))
    guard sent == .sent, pair.receive()?.bytes == pattern(50, index) else {
      Issue.record("message \(index) was lost")
      return
    }
  }
}

@Test(arguments: [UInt64(1), 2, 3, 4])
func soakWithScribblingPeerLosesNothingItDoesNotReport(seed: UInt64) {
  var random = SeededGenerator(seed: seed)
  var pair = Pair(highSlots: 16, normalSlots: 16, chunkCount: 4, chunkBytes: 256)
  var expected: [[[UInt8]]] = [[], [], []]
  var received = 0
  for turn in 0..<250_000 {
    if Bool.random(using: &random) {
      let priority = Priority.allCases[Int.random(in: 0..<3, using: &random)]
      let length =
        priority == .mailbox
        ? Int.random(in: 0...48, using: &random) : Int.random(in: 0...600, using: &random)
      let bytes = pattern(length, turn)
      if pair.send(bytes, priority) == .sent { expected[Int(priority.rawValue)].append(bytes) }
    } else if let message = pair.receive() {
      let channel = Int(message.header.priority.rawValue)
      guard !expected[channel].isEmpty, expected[channel].removeFirst() == message.bytes else {
        Issue.record("seed \(seed), turn \(turn): wrong bytes on channel \(channel)")
        return
      }
      received += 1
    }
    if turn % 5000 == 4999 {
      pair.sender = LinkSender(from: 0, to: 1, layout: pair.layout, pair.host.window)
      pair.receiver.service(pair.host.window)
      expected = [[], [], []]
    }
  }
  #expect(received > 50_000 && pair.receiver.counters.faultCount == 0)
}

@Test func headersHaveTheirGoldenBytes() throws {
  let header = MessageHeader(
    type: 0x42, priority: .high, flags: [.call], length: 0x0001_0000, station: 0xBEEF, sequence: 0x1234,
    generation: 0x5678, from: 3, to: 47)
  let words = header.words
  #expect(
    words.0 == 0x5678_1234 && words.1 == 0x0101_4201 && words.2 == 0x0001_0000 && words.3 == 0xBEEF_2F03)
  #expect(try MessageHeader(words) == header)
}

@Test func doorbellNamesItsOriginsAndInterruptsOnce() {
  let host = HostWindow(byteCount: 1 << 23)
  let layout = fits(LinkLayout(nodeCount: 40, highSlots: 2, normalSlots: 2, chunkCount: 0, in: 1 << 23))
  #expect(Doorbell(node: 1, layout: layout).ring(0, host.window))
  #expect(!Doorbell(node: 2, layout: layout).ring(0, host.window))
  #expect(Doorbell(node: 39, layout: layout).ring(0, host.window), "the upper half has its own word")
  let bell = Doorbell(node: 0, layout: layout)
  #expect(bell.take(host.window) == 1 << 1 | 1 << 2 | 1 << 39)
  #expect(bell.take(host.window) == 0)
}

@Test func lateDoubledAndForeignRepliesFindNobody() throws {
  var stations = WaitStations()
  let opened = stations.open(peer: 2, deadlineTicks: 100)
  let call = try #require(opened)
  let foreign = stations.complete(call, from: 1)
  let first = stations.complete(call, from: 2)
  let doubled = stations.complete(call, from: 2)
  #expect(!foreign && first && !doubled && stations.result(call) == .replied)
  stations.close(call)
  let late = stations.complete(call, from: 2)
  #expect(!late)
  let second = stations.open(peer: 2, deadlineTicks: 100)
  let again = try #require(second)
  #expect(again != call)
  let none = stations.expire(nowTicks: 99)
  let one = stations.expire(nowTicks: 100)
  #expect(none == 0 && one == 1 && stations.result(again) == .timedOut)
}
