import Base
import FrameAllocator
import SeededRandomness
import Testing

private func refusal(_ body: () throws -> Void) -> FrameAllocatorError? {
  do {
    try body()
    return nil
  } catch {
    return error as? FrameAllocatorError
  }
}

@Test func frameZeroIsNeverHandedOut() throws {
  try withAllocator(count: 64) { allocator in
    try allocator.add(run(0, 64))
    var seen: Set<UInt32> = []
    for _ in 0..<63 { seen.insert(try allocator.allocate().rawValue) }
    #expect(seen == Set(1..<64))
    let error = refusal { _ = try allocator.allocate() }
    #expect(error == .outOfFrames)
  }
}

@Test func aFrameFreedTwiceIsNamed() throws {
  try withAllocator(first: 100, count: 64) { allocator in
    try allocator.add(run(100, 64))
    let frame = try allocator.allocate()
    try allocator.free(frame)
    let error = refusal { try allocator.free(frame) }
    #expect(error == .doubleFree(frame))
    #expect(error?.frame == frame)
  }
}

@Test func framesThatWereNeverGivenAreForeign() throws {
  try withAllocator(first: 100, count: 64) { allocator in
    try allocator.add(run(100, 32))
    for number: UInt32 in [0, 99, 132, 163, 164, .max] {
      let error = refusal { try allocator.free(FrameNumber(number)) }
      #expect(error == .foreignFrame(FrameNumber(number)))
    }
    // A frame inside a free block was never handed out, but is the allocator's own.
    let error = refusal { try allocator.free(FrameNumber(110)) }
    #expect(error == .doubleFree(FrameNumber(110)))
  }
}

@Test func aFrameOfAnotherOwnerIsNotTakenBack() throws {
  try withAllocator(count: 64) { allocator in
    try allocator.add(run(1, 63))
    let frame = try allocator.allocate(for: .pageTable)
    let error = refusal { try allocator.free(frame, of: .heap) }
    #expect(error == .wrongOwner(frame, .pageTable))
    let owner = allocator.owner(of: frame)
    #expect(owner == .pageTable)
    let count = allocator.count(of: .pageTable)
    #expect(count == 1)
    try allocator.free(frame, of: .pageTable)
    let after = allocator.owner(of: frame)
    #expect(after == nil)
  }
}

@Test(arguments: [UInt32(1), 2, 3, 7, 8, 100, 512])
func aRunIsAlignedAndWhole(_ count: UInt32) throws {
  try withAllocator(first: 77, count: 4096) { allocator in
    try allocator.add(run(77, 4096))
    for alignment: UInt32 in [1, 2, 64, 512, 1024] {
      let got = try allocator.allocateRun(count, alignment: alignment)
      #expect(got.count == count)
      #expect(got.start.rawValue % alignment == 0)
      #expect(got.start.rawValue >= 77 && got.end.rawValue <= 77 + 4096)
      try allocator.freeRun(got)
    }
    let free = allocator.freeCount
    #expect(free == 4096)
  }
}

@Test func aRunEndsBelowItsLimit() throws {
  try withAllocator(count: 1024) { allocator in
    try allocator.add(run(0, 16))
    try allocator.add(run(512, 512))
    let low = try allocator.allocateRun(4, below: FrameNumber(16))
    #expect(low.end.rawValue <= 16)
    let error = refusal { _ = try allocator.allocateRun(16, below: FrameNumber(16)) }
    #expect(error == .outOfFrames)
  }
}

@Test func impossibleRequestsAreRefused() throws {
  try withAllocator(count: 64) { allocator in
    try allocator.add(run(1, 63))
    let errors = [
      refusal { _ = try allocator.allocateRun(0) },
      refusal { _ = try allocator.allocateRun(1, alignment: 0) },
      refusal { _ = try allocator.allocateRun(1, alignment: 3) },
      refusal { try allocator.freeRun(run(5, 0)) },
    ]
    #expect(errors.allSatisfy { $0 == .badRequest })
    let tooLong = refusal { _ = try allocator.allocateRun(1 << 20 + 1) }
    #expect(tooLong == .outOfFrames)
  }
}

@Test func aRunThatIsPartlyFreeIsNotTakenBack() throws {
  try withAllocator(count: 256) { allocator in
    try allocator.add(run(1, 255))
    let got = try allocator.allocateRun(8)
    try allocator.free(FrameNumber(got.start.rawValue + 5))
    let error = refusal { try allocator.freeRun(got) }
    #expect(error == .doubleFree(FrameNumber(got.start.rawValue + 5)))
    let used = allocator.usedCount
    #expect(used == 7)
  }
}

@Test func framesAddedTwiceAreRefused() throws {
  try withAllocator(count: 256) { allocator in
    try allocator.add(run(1, 100))
    let error = refusal { try allocator.add(run(100, 10)) }
    #expect(error == .doubleFree(FrameNumber(100)))
    let outside = refusal { try allocator.add(run(250, 10)) }
    #expect(outside == .foreignFrame(FrameNumber(256)))
    let total = allocator.totalCount
    #expect(total == 100)
  }
}

@Test func reservedFramesAreNeverHandedOut() throws {
  try withAllocator(count: 512) { allocator in
    try allocator.add(run(0, 512))
    try allocator.reserve(run(100, 57))
    try allocator.reserve(run(150, 20))
    var seen: Set<UInt32> = []
    while let frame = try? allocator.allocate() { seen.insert(frame.rawValue) }
    #expect(seen == Set(1..<512).subtracting(100..<170))
    let error = refusal { try allocator.free(FrameNumber(120)) }
    #expect(error == .foreignFrame(FrameNumber(120)))
  }
}

@Test func aFrameInUseCannotBeReserved() throws {
  try withAllocator(count: 64) { allocator in
    try allocator.add(run(1, 63))
    let frame = try allocator.allocate(for: .heap)
    let error = refusal { try allocator.reserve(run(1, 63)) }
    #expect(error == .wrongOwner(frame, .heap))
  }
}

@Test func everythingFreedMergesIntoTheLargestRunAgain() throws {
  try withAllocator(first: 4096, count: 4096) { allocator in
    try allocator.add(run(4096, 4096))
    var generator = SeededGenerator(seed: 9)
    var frames: [FrameNumber] = []
    while let frame = try? allocator.allocate() { frames.append(frame) }
    #expect(frames.count == 4096)
    let none = allocator.largestRun()
    #expect(none == 0)
    for frame in frames.shuffled(using: &generator) { try allocator.free(frame) }
    let whole = allocator.largestRun()
    #expect(whole == 4096)
    let peak = allocator.peakUsedCount
    #expect(peak == 4096)
  }
}

@Test func aRunIsFoundEvenIfTheCacheHoldsPartOfIt() throws {
  try withAllocator(first: 64, count: 64) { allocator in
    try allocator.add(run(64, 64))
    let frame = try allocator.allocate()
    try allocator.free(frame)
    let all = try allocator.allocateRun(64)
    #expect(all.start.rawValue == 64)
  }
}

/// The slow and obvious model: a dictionary of frames that are handed out, a set of free ones.
@Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
func randomOperationsAgreeWithSets(_ seed: UInt64) throws {
  print("seed \(seed)")
  var generator = SeededGenerator(seed: seed)
  let first = UInt32.random(in: 0...3000, using: &generator)
  let count = UInt32.random(in: 50...3000, using: &generator)
  try withAllocator(first: first, count: count) { allocator in
    var free: Set<UInt32> = []
    var used: [UInt32] = []
    var position = first
    while position < first + count {
      let length = min(UInt32.random(in: 1...700, using: &generator), first + count - position)
      if Bool.random(using: &generator) {
        try allocator.add(run(position, length))
        free.formUnion((position..<position + length).filter { $0 != 0 })
      }
      position += length
    }
    let total = free.count
    for step in 0..<30_000 {
      // Phases that fill and phases that empty, so that exhaustion is met often.
      let isFilling = step / 2000 % 2 == 0
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<(isFilling ? 6 : 3):
        do {
          let frame = try allocator.allocate().rawValue
          #expect(free.remove(frame) != nil, "seed \(seed)")
          used.append(frame)
        } catch {
          #expect(free.isEmpty, "seed \(seed)")
        }
      case 7:
        let length = UInt32.random(in: 1...40, using: &generator)
        if let got = try? allocator.allocateRun(length) {
          for frame in got.start.rawValue..<got.end.rawValue {
            #expect(free.remove(frame) != nil, "seed \(seed)")
            used.append(frame)
          }
        } else {
          // No aligned block of that size may be wholly free.
          var size: UInt32 = 1
          while size < length { size *= 2 }
          let starts = Set(free.map { $0 / size * size })
          #expect(!starts.contains { start in (start..<start + size).allSatisfy { free.contains($0) } })
        }
      case 8:
        let frame = UInt32.random(in: first..<first + count, using: &generator)
        if free.contains(frame) {
          let error = refusal { try allocator.free(FrameNumber(frame)) }
          #expect(error == .doubleFree(FrameNumber(frame)), "seed \(seed)")
        }
      default:
        guard !used.isEmpty else { continue }
        used.swapAt(Int.random(in: 0..<used.count, using: &generator), used.count - 1)
        let frame = used.removeLast()
        try allocator.free(FrameNumber(frame))
        free.insert(frame)
      }
      let (freeNow, usedNow) = (allocator.freeCount, allocator.usedCount)
      #expect(Int(freeNow) == free.count && Int(usedNow) == used.count, "seed \(seed)")
    }
    for frame in used { try allocator.free(FrameNumber(frame)) }
    let freeAtEnd = allocator.freeCount
    #expect(Int(freeAtEnd) == total)
  }
}

@Test func exhaustionAtEveryStepLeavesTheAllocatorWhole() throws {
  for available in UInt32(1)...40 {
    try withAllocator(first: 16, count: 64) { allocator in
      try allocator.add(run(16, available))
      var frames: [FrameNumber] = []
      while let frame = try? allocator.allocate() { frames.append(frame) }
      #expect(frames.count == Int(available))
      let error = refusal { _ = try allocator.allocateRun(2) }
      #expect(error == .outOfFrames)
      for frame in frames { try allocator.free(frame) }
      let free = allocator.freeCount
      #expect(free == available)
    }
  }
}
