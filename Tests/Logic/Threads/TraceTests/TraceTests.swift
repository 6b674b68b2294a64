import Testing
import Trace

/// The memory of a trace: twice the ring's size, aligned so, and a canary behind it.
private final class RingMemory {
  let start: UnsafeMutableRawPointer
  let size: Int
  init(size: Int) {
    self.size = size
    start = .allocate(byteCount: size * 2 + 64, alignment: size * 2)
    start.initializeMemory(as: UInt8.self, repeating: 0xEE, count: size * 2 + 64)
  }
  deinit { start.deallocate() }
  var bytes: [UInt8] { [UInt8](UnsafeRawBufferPointer(start: start, count: size * 2)) }
  var isCanaryAlive: Bool {
    (size * 2..<size * 2 + 64).allSatisfy { start.load(fromByteOffset: $0, as: UInt8.self) == 0xEE }
  }
}

private func events(_ memory: UnsafeMutableRawPointer, size: Int) -> [TraceEvent] {
  let bytes = [UInt8](UnsafeRawBufferPointer(start: memory, count: size))
  let decoder = TraceDecoder(bytes.span)
  return (0..<decoder.count).map { decoder[$0] }
}

@Test(arguments: [0, 1, 255, 256, 257, 511, 512, 513, 10_000])
func aRingKeepsTheLastEventsInOrder(count: Int) {
  let owner = RingMemory(size: 4_096)
  var ring = TraceRing()
  let started = ring.start(in: owner.start, size: 4_096)
  #expect(started)
  for index in 0..<count {
    ring.record(.switching, small: UInt16(index & 0xFFFF), large: UInt32(index), at: 1_000 + UInt64(index))
  }
  let expected = (max(0, count - 256)..<count).map {
    TraceEvent(time: 1_000 + UInt64($0), kind: .switching, small: UInt16($0), large: UInt32($0))
  }
  #expect(events(owner.start, size: 4_096) == expected)
  #expect(
    (0..<257).map { ring.event(age: $0) }
      == (0..<257).map { $0 < expected.count ? expected.reversed()[$0] : nil })
  #expect(ring.event(age: -1) == nil && owner.isCanaryAlive)
}

@Test func anEventLiesInMemoryAsDescribed() {
  let owner = RingMemory(size: 4_096)
  var ring = TraceRing()
  _ = ring.start(in: owner.start, size: 4_096)
  ring.record(.wake, small: 0x0B0A, large: 0x0F0E_0D0C, at: 0x0807_0605_0403_0201)
  #expect(owner.bytes[..<16] == [1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F])
}

@Test func aRingThatIsOffWritesNothing() {
  let owner = RingMemory(size: 4_096)
  var ring = TraceRing()
  ring.record(.mark)
  ring.resume()
  ring.record(.mark)
  #expect(!ring.isOn && ring.event(age: 0) == nil && ring.name(ofThread: 0) == nil)
  _ = ring.start(in: owner.start, size: 4_096)
  ring.stop()
  ring.record(.mark)
  ring.note(name: (1, 2), ofThread: 3)
  #expect(events(owner.start, size: 4_096).isEmpty && ring.name(ofThread: 3) == nil)
  ring.resume()
  ring.record(.mark, large: 7)
  ring.record(.mark, large: 8)
  let recorded = events(owner.start, size: 4_096)
  #expect(recorded.map(\.large) == [7, 8])
  // The counter was read, and it does not go back.
  #expect(recorded[0].time > 0 && recorded[1].time >= recorded[0].time)
}

@Test func memoryThatIsNotAlignedToTwiceItsSizeIsRefused() {
  let owner = RingMemory(size: 8_192)
  var ring = TraceRing()
  let misplaced = ring.start(in: owner.start + 4_096, size: 4_096)
  let odd = ring.start(in: owner.start, size: 5_000)
  let tiny = ring.start(in: owner.start, size: 2_048)
  #expect(!misplaced && !odd && !tiny && !ring.isOn)
  withExtendedLifetime(owner) {}
}

@Test func aTraceTellsItsClockAndTheNamesOfThreads() throws {
  let owner = RingMemory(size: 4_096)
  var ring = TraceRing()
  _ = ring.start(in: owner.start, size: 4_096, processor: 3, ticksPerSecond: 2_400_000_000)
  ring.note(name: (0x6F77, 0), ofThread: 5)
  ring.note(name: (0x6261, 0x63), ofThread: 6)
  ring.record(.exit, large: 5, at: 10)
  let bytes = owner.bytes
  let block = try TraceBlock(bytes.span)
  #expect(block.processor == 3 && block.ticksPerSecond == 2_400_000_000 && block.decoder.count == 1)
  let names = (0..<block.nameCapacity).compactMap { block.name(at: $0) }
  #expect(names.map(\.thread) == [5, 6])
  #expect(names.map { bytes[$0.bytes.lowerBound] } == [0x77, 0x61])
  #expect(ring.name(ofThread: 6)?.high == 0x63)
  // A younger thread takes the place of one that is as many numbers older as there is room for.
  ring.note(name: (9, 9), ofThread: UInt32(5 + block.nameCapacity))
  #expect(ring.name(ofThread: 5) == nil && owner.isCanaryAlive)
}

@Test func bytesThatAreNoTraceAreRefusedByName() throws {
  let owner = RingMemory(size: 4_096)
  var ring = TraceRing()
  _ = ring.start(in: owner.start, size: 4_096)
  let good = owner.bytes
  func refusal(_ change: (inout [UInt8]) -> Void) -> TraceBlockError? {
    var bytes = good
    change(&bytes)
    do throws(TraceBlockError) { _ = try TraceBlock(bytes.span) } catch { return error }
    return nil
  }
  #expect(refusal { _ in } == nil)
  #expect(refusal { $0.removeLast() } == .badSize)
  #expect(refusal { $0 = [] } == .badSize)
  #expect(refusal { $0.removeLast(4_096) } == .badSize)
  for place in 4_096..<4_104 { #expect(refusal { $0[place] ^= 0x40 } == .badMagic) }
  #expect(refusal { $0[4_105] ^= 1 } == .sizesDisagree)
  #expect(refusal { bytes in for place in 4_112..<4_120 { bytes[place] = 0 } } == .badRate)
  #expect(refusal { $0[4_119] = 1 } == .badRate)
}

@Test func anyBytesDecodeToSomething() {
  var state: UInt64 = 42
  for size in 0..<200 {
    let bytes = (0..<size).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    let decoder = TraceDecoder(bytes.span)
    #expect(decoder.count <= size / 16)
    for index in 0..<decoder.count { _ = decoder[index].kind }
  }
}
