import Base
import Testing

@testable import FrameAllocator

/// An allocator over memory of the test's own, which lives until the test ends.
private func makeAllocator(frameCount: UInt32, _ ranges: [Range<UInt32>]) throws -> FrameAllocator {
  let memory = UnsafeMutableRawPointer.allocate(
    byteCount: FrameTable.byteCount(frameCount: frameCount), alignment: 8)
  var allocator = FrameAllocator(table: FrameTable(memory: memory, frameCount: frameCount))
  for range in ranges {
    try allocator.add(FrameRange(start: FrameNumber(range.lowerBound), count: UInt32(range.count)))
  }
  return allocator
}

/// Throws what a mutating call throws, because `#expect` can't take one.
private func refusal(_ body: () throws -> Void) -> FrameAllocatorError? {
  do {
    try body()
    return nil
  } catch {
    return error as? FrameAllocatorError
  }
}

@Test func everyFrameIsHandedOutOnce() throws {
  var allocator = try makeAllocator(frameCount: 1_000, [3..<500, 700..<1_000])
  var seen: Set<FrameNumber> = []
  for _ in 0..<797 { seen.insert(try allocator.allocate()) }
  #expect(seen.count == 797)
  #expect(seen.allSatisfy { (3..<500).contains($0.rawValue) || (700..<1_000).contains($0.rawValue) })
  let end = refusal { _ = try allocator.allocate() }
  #expect(end == .outOfFrames)
  let statistics = allocator.statistics
  #expect(statistics.free == 0 && statistics.peakUsed == 797 && statistics.refusals == 1)
}

@Test func freedFramesJoinIntoTheRunTheyCameFrom() throws {
  var allocator = try makeAllocator(frameCount: 1_024, [0..<1_024])
  var frames: [FrameNumber] = []
  for _ in 0..<1_024 { frames.append(try allocator.allocate()) }
  frames.sort { $0.rawValue &* 2_654_435_761 < $1.rawValue &* 2_654_435_761 }
  for frame in frames { try allocator.free(frame) }
  let largest = allocator.largestRun
  #expect(largest == 1_024)
}

@Test(arguments: [1, 2, 3, 5, 7, 8, 100, 129] as [UInt32])
func aRunCostsExactlyItsLength(count: UInt32) throws {
  var allocator = try makeAllocator(frameCount: 4_096, [0..<4_096])
  let range = try allocator.allocate(count: count)
  #expect(range.count == count)
  let free = allocator.statistics.free
  #expect(free == 4_096 - count)
  try allocator.free(range)
  let largest = allocator.largestRun
  #expect(largest == 4_096)
}

@Test func aRunStartsWhereItsAlignmentSays() throws {
  var allocator = try makeAllocator(frameCount: 4_096, [1..<4_096])
  _ = try allocator.allocate()
  let range = try allocator.allocate(count: 3, alignment: 512)
  #expect(range.start.rawValue % 512 == 0)
}

@Test func freeingTwiceIsNamed() throws {
  var allocator = try makeAllocator(frameCount: 64, [0..<64])
  let frame = try allocator.allocate()
  try allocator.free(frame)
  let twice = refusal { try allocator.free(frame) }
  #expect(twice == .doubleFree(frame))
}

@Test func freeingWhatWasNeverGivenIsNamed() throws {
  var allocator = try makeAllocator(frameCount: 64, [8..<64])
  let reserved = refusal { try allocator.free(FrameNumber(3)) }
  #expect(reserved == .foreignFree(FrameNumber(3)))
  let outside = refusal { try allocator.free(FrameNumber(1_000)) }
  #expect(outside == .foreignFree(FrameNumber(1_000)))
}

@Test func aRunWithAHoleIsRefusedWhole() throws {
  var allocator = try makeAllocator(frameCount: 64, [0..<64])
  let range = try allocator.allocate(count: 8)
  try allocator.free(FrameNumber(range.start.rawValue + 3))
  let refused = refusal { try allocator.free(range) }
  #expect(refused == .doubleFree(FrameNumber(range.start.rawValue + 3)))
  let free = allocator.statistics.free
  #expect(free == 57)
}

@Test func impossibleRequestsAreRefused() throws {
  var allocator = try makeAllocator(frameCount: 64, [0..<64])
  for (count, alignment) in [(0, 1), (1, 0), (1, 3), (1 << 19, 1), (UInt32.max, 1)] as [(UInt32, UInt32)] {
    let refused = refusal { _ = try allocator.allocate(count: count, alignment: alignment) }
    #expect(refused == .invalidRequest)
  }
  let tooLong = refusal { _ = try allocator.allocate(count: 65) }
  #expect(tooLong == .outOfFrames)
}

@Test func rangesThatMeetAreRefused() throws {
  var allocator = try makeAllocator(frameCount: 64, [0..<32])
  let overlap = refusal { try allocator.add(FrameRange(start: FrameNumber(31), count: 2)) }
  #expect(overlap == .overlappingRange(FrameNumber(31)))
  let outside = refusal { try allocator.add(FrameRange(start: FrameNumber(60), count: 5)) }
  #expect(outside == .invalidRequest)
}

/// Random requests against a set of numbers, which is slow and obvious.
@Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
func theAllocatorAgreesWithASetOfNumbers(seed: UInt64) throws {
  print("seed \(seed)")
  var state = seed
  func random(_ bound: UInt32) -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 33) % bound
  }
  var allocator = try makeAllocator(frameCount: 2_048, [5..<1_000, 1_003..<2_047])
  let all = Set((5 as UInt32)..<1_000).union(Set((1_003 as UInt32)..<2_047))
  var used: Set<UInt32> = []
  var runs: [FrameRange] = []
  for _ in 0..<20_000 {
    if random(2) == 0 {
      let count = random(4) == 0 ? 1 + random(64) : 1
      guard let run = try? allocator.allocate(count: count) else { continue }
      let frames = Set(run.start.rawValue..<run.end.rawValue)
      try #require(frames.isSubset(of: all) && frames.isDisjoint(with: used))
      used.formUnion(frames)
      runs.append(run)
    } else if !runs.isEmpty {
      let run = runs.swapAt(Int(random(UInt32(runs.count))))
      try allocator.free(run)
      used.subtract(run.start.rawValue..<run.end.rawValue)
    }
    let inUse = allocator.statistics.used
    try #require(inUse == UInt32(used.count))
  }
  for run in runs { try allocator.free(run) }
  let free = allocator.statistics.free
  #expect(Int(free) == all.count)
}

extension Array {
  /// Removes and returns an element, putting the last in its place.
  fileprivate mutating func swapAt(_ index: Int) -> Element {
    swapAt(index, count - 1)
    return removeLast()
  }
}
