import Testing
import Trace

/// A clock that knows how often it was read.
private final class Counter {
  var readings: UInt64 = 0
  func now() -> UInt64 {
    readings += 1
    return readings
  }
}

/// A ring's memory: twice the size, aligned so, of which the first half is the ring.
private final class RingMemory {
  let start: UnsafeMutableRawPointer
  init(size: Int) {
    start = .allocate(byteCount: size * 2, alignment: size * 2)
    start.initializeMemory(as: UInt8.self, repeating: 0xEE, count: size * 2)
  }
  deinit { start.deallocate() }
}

/// Records a mark; a function of its own because the compiler crashes on it in a longer one (Swift 6.3.1).
private func mark(_ ring: inout TraceRing, _ counter: Counter) { ring.record(.mark, at: counter.now()) }

private func events(_ memory: UnsafeMutableRawPointer, size: Int) -> [TraceEvent] {
  let bytes = [UInt8](UnsafeRawBufferPointer(start: memory, count: size))
  let decoder = TraceDecoder(bytes.span)
  return (0..<decoder.count).map { decoder[$0] }
}

@Test(arguments: [0, 1, 15, 16, 17, 31, 32, 33, 1_000])
func aRingKeepsTheLastEventsInOrder(count: Int) {
  let owner = RingMemory(size: 256)
  let memory = owner.start
  var ring = TraceRing()
  let started = ring.start(in: memory, size: 256)
  #expect(started)
  for index in 0..<count {
    ring.record(.switching, small: UInt16(index & 0xFFFF), large: UInt32(index), at: 1_000 + UInt64(index))
  }
  let expected = (max(0, count - 16)..<count).map {
    TraceEvent(time: 1_000 + UInt64($0), kind: .switching, small: UInt16($0), large: UInt32($0))
  }
  #expect(events(memory, size: 256) == expected)
  #expect((256..<512).allSatisfy { memory.load(fromByteOffset: $0, as: UInt8.self) == 0xEE })
  withExtendedLifetime(owner) {}
}

@Test func anEventLiesInMemoryAsDescribed() {
  let owner = RingMemory(size: 16)
  let memory = owner.start
  var ring = TraceRing()
  _ = ring.start(in: memory, size: 16)
  ring.record(.wake, small: 0x0B0A, large: 0x0F0E_0D0C, at: 0x0807_0605_0403_0201)
  let bytes = [UInt8](UnsafeRawBufferPointer(start: memory, count: 16))
  #expect(bytes == [1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F])
  withExtendedLifetime(owner) {}
}

@Test func aRingThatIsOffReadsNoCounterAndWritesNothing() {
  let owner = RingMemory(size: 64)
  let memory = owner.start
  var ring = TraceRing()
  let counter = Counter()
  mark(&ring, counter)
  ring.resume()
  mark(&ring, counter)
  #expect(counter.readings == 0)
  _ = ring.start(in: memory, size: 64)
  ring.stop()
  mark(&ring, counter)
  #expect(counter.readings == 0)
  ring.resume()
  mark(&ring, counter)
  #expect(counter.readings == 1)
  #expect(events(memory, size: 64).count == 1)
  withExtendedLifetime(owner) {}
}

@Test func memoryThatIsNotAlignedToTwiceItsSizeIsRefused() {
  let owner = RingMemory(size: 64)
  let memory = owner.start
  var ring = TraceRing()
  let misplaced = ring.start(in: memory + 64, size: 64)
  let odd = ring.start(in: memory, size: 48)
  let tiny = ring.start(in: memory, size: 8)
  #expect(!misplaced && !odd && !tiny && !ring.isOn)
  withExtendedLifetime(owner) {}
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
