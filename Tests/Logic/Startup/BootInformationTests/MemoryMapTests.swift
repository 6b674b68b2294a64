import Base
import BootInformation
import SeededRandomness
import Testing

func expectSortedAndDisjoint(_ map: borrowing MemoryMap, seed: UInt64) {
  for index in 0..<map.count {
    let range = map[index]
    #expect(range.start < range.end, "seed \(seed)")
    if index > 0 {
      let below = map[index - 1]
      #expect(below.end <= range.start, "seed \(seed)")
      #expect(below.end < range.start || below.kind != range.kind, "seed \(seed)")
    }
  }
}

private func range(_ start: UInt64, _ end: UInt64, _ kind: MemoryKind) throws -> MemoryRange {
  try #require(MemoryRange(base: start, length: end - start, kind: kind))
}

@Test func reservedWinsOverUsableInEitherOrder() throws {
  for reservedFirst in [false, true] {
    var map = MemoryMap()
    let usable = try range(0, 100, .usable)
    let reserved = try range(40, 60, .reserved)
    try map.insert(reservedFirst ? reserved : usable)
    try map.insert(reservedFirst ? usable : reserved)
    #expect(map.count == 3)
    #expect(map[0] == MemoryRange(base: 0, length: 40, kind: .usable))
    #expect(map[1] == reserved)
    #expect(map[2] == MemoryRange(base: 60, length: 40, kind: .usable))
  }
}

@Test func touchingRangesOfOneKindBecomeOne() throws {
  var map = MemoryMap()
  try map.insert(range(0, 10, .usable))
  try map.insert(range(20, 30, .usable))
  try map.insert(range(10, 20, .usable))
  #expect(map.count == 1)
  #expect(map[0].end == 30)
}

@Test func onlyWholeFramesOfARangeCount() throws {
  #expect(try range(1, 4096, .usable).wholeFrames == nil)
  #expect(try range(1, 8192, .usable).wholeFrames == FrameRange(start: FrameNumber(1), count: 1))
  #expect(try range(0, 8191, .usable).wholeFrames == FrameRange(start: FrameNumber(0), count: 1))
  #expect(try range(1 << 45, 1 << 46, .usable).wholeFrames == nil)
}

@Test func spaceIsFoundAlignedAboveTheFloorAndBelowTheLimit() throws {
  var map = MemoryMap()
  try map.insert(range(0, 0x9F000, .usable))
  try map.insert(range(0x10_0000, 0x80_0000, .usable))
  let found = [
    map.firstUsable(bytes: 4096), map.firstUsable(bytes: 4096, alignment: 0x20_0000),
    map.firstUsable(bytes: 0x10_0000), map.firstUsable(bytes: 0x10_0000, below: 0x1F_FFFF),
    map.firstUsable(bytes: 1 << 40),
  ]
  #expect(
    found == [PhysicalAddress(4096), PhysicalAddress(0x20_0000), PhysicalAddress(0x10_0000), nil, nil])
}

/// The slow and obvious model: one kind per unit of memory.
@Test(arguments: [UInt64(11), 12, 13])
func insertionAgreesWithAnArrayOfKinds(_ seed: UInt64) throws {
  print("seed \(seed)")
  var generator = SeededGenerator(seed: seed)
  for _ in 0..<300 {
    var map = MemoryMap()
    var model = [MemoryKind?](repeating: nil, count: 64)
    for _ in 0..<Int.random(in: 1...20, using: &generator) {
      let start = Int.random(in: 0..<64, using: &generator)
      let end = Int.random(in: start...64, using: &generator)
      let kind = MemoryKind.allCases.randomElement(using: &generator) ?? .usable
      try map.insert(range(UInt64(start), UInt64(end), kind))
      for unit in start..<end { model[unit] = max(model[unit] ?? kind, kind) }
    }
    expectSortedAndDisjoint(map, seed: seed)
    var flattened = [MemoryKind?](repeating: nil, count: 64)
    for index in 0..<map.count {
      for unit in map[index].start..<map[index].end { flattened[Int(unit)] = map[index].kind }
    }
    #expect(flattened == model, "seed \(seed)")
  }
}
