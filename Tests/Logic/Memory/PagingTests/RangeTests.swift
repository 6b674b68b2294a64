import Base
import Paging
import Testing

/// Everything mapped, in order.
func mappings<Format: PageTableFormat>(
  _ tables: PageTable<Format>, _ memory: TestTables<Format.Entry>
) -> [Mapping] {
  var all: [Mapping] = []
  tables.forEachMapping(in: memory) { all.append($0) }
  return all
}

@Suite struct RangeTests {
  @Test func aRangeUsesTheLargestPagesThatFit() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    // From 4 KiB below 1 GiB to 2 MiB and 4 KiB above 2 GiB.
    try tables.map(
      0x3_FFFF, at: 0x3FFF_F000, pageCount: 1 + 0x4_0000 + 512 + 1, .init(.readWrite), in: &memory)
    let sizes = mappings(tables, memory).map(\.size)
    #expect(sizes == [.base, .oneGiB, .twoMiB, .base])
    #expect(tables.translate(0x4567_89AB, in: memory)?.address == PhysicalAddress(0x4567_89AB))
    #expect(memory.reachable(from: tables.root, fourLevel) == memory.tables.count)
  }

  @Test func pagesAreNoLargerThanAllowed() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    try tables.map(0, at: 0, pageCount: 0x4_0000, .init(.readOnly), upTo: .twoMiB, in: &memory)
    #expect(mappings(tables, memory).allSatisfy { $0.size == .twoMiB })
    try tables.map(0, at: 0x4000_0000, pageCount: 1024, .init(.readOnly), upTo: .base, in: &memory)
    #expect(tables.translate(0x4000_0000, in: memory)?.mapping.size == .base)
  }

  @Test func physicalMisalignmentForcesSmallPages() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: pae, in: &memory)
    try tables.map(1, at: 0, pageCount: 1024, .init(.readOnly), in: &memory)
    #expect(mappings(tables, memory).count == 1024)
  }

  @Test func anEmptyTableInTheWayIsFilled() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: pae, in: &memory)
    try tables.map(7, at: 0x1000, .init(.readOnly), in: &memory)
    _ = try tables.unmap(0x1000, in: &memory)
    try tables.map(0, at: 0, pageCount: 1024, .init(.readOnly), in: &memory)
    #expect(mappings(tables, memory).count == 512 + 1)
    #expect(throws: PagingError.alreadyMapped) {
      try tables.map(0, at: 0, .init(.readOnly), size: .twoMiB, in: &memory)
    }
  }

  @Test func aRangeThatMeetsAMappingChangesNone() throws {
    var memory = TestTables<UInt32>()
    let tables = try PageTable(format: twoLevel, in: &memory)
    try tables.map(9, at: 0x0080_5000, .init(.readOnly), in: &memory)
    let before = mappings(tables, memory)
    #expect(throws: PagingError.alreadyMapped) {
      try tables.map(0, at: 0, pageCount: 0x1000, .init(.readWrite), in: &memory)
    }
    #expect(mappings(tables, memory) == before)
  }

  @Test(arguments: 0..<6) func aRangeWithoutFramesForTablesChangesNoMapping(frames: Int) throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    let page = VirtualAddress(0x3FFF_F000)
    memory.allocationsLeft = frames
    // Two directories and two page tables below one pointer table.
    if frames < 5 {
      #expect(throws: PagingError.outOfFrames) {
        try tables.map(0, at: page, pageCount: 2, .init(.readWrite), in: &memory)
      }
      #expect(mappings(tables, memory).isEmpty)
    } else {
      try tables.map(0, at: page, pageCount: 2, .init(.readWrite), in: &memory)
      #expect(mappings(tables, memory).count == 2)
    }
    #expect(memory.reachable(from: tables.root, fourLevel) == memory.tables.count)
    _ = try tables.unmap(page, pageCount: 2, in: &memory) { _, _ in }
    _ = try tables.reclaimTables(page, pageCount: 2, in: &memory) { _ in }
    #expect(memory.tables.count == 1)
  }

  @Test(arguments: 0..<4) func aRefusedSplitRemovesNothing(frames: Int) throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    try tables.map(0, at: 0, pageCount: 0x8_0000, .init(.readWrite), in: &memory)
    // Both ends lie within 1 GiB pages: each needs a directory and a page table.
    memory.allocationsLeft = frames
    #expect(throws: PagingError.outOfFrames) {
      try tables.unmap(0x1000, pageCount: 0x5_0000, in: &memory) { change, _ in #expect(change.kind == .split)
      }
    }
    #expect(throws: PagingError.outOfFrames) {
      try tables.protect(0x1000, pageCount: 0x5_0000, .readOnly, in: &memory) { change, _ in
        #expect(change.kind == .split)
      }
    }
    let all = mappings(tables, memory)
    #expect(all.reduce(0) { $0 + $1.size.pageCount } == 0x8_0000)
    #expect(
      all.allSatisfy {
        $0.access == .readWrite && UInt64($0.page.rawValue >> 12) == UInt64($0.frame.rawValue)
      })
    memory.allocationsLeft = 4 - frames
    let removed = try tables.unmap(0x1000, pageCount: 0x5_0000, in: &memory) { _, _ in }
    #expect(removed == 0x5_0000)
  }

  @Test func splittingKeepsMarksThatComeLate() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: pae, in: &memory)
    let attributes = PageAttributes(.readWrite, isUser: true, isGlobal: true, caching: .uncached, software: 3)
    try tables.map(0x400, at: 0x40_0000, attributes, size: .twoMiB, in: &memory)
    memory.meanwhile = { $0 |= 0x60 }
    var splits: [Mapping] = []
    try tables.split(0x40_1234, in: &memory) { change, _ in splits.append(change.mapping) }
    #expect(splits.map(\.size) == [.twoMiB])
    let all = mappings(tables, memory)
    #expect(all.count == 512)
    #expect(
      all.allSatisfy { $0.attributes.isDirty && $0.attributes.isAccessed && $0.attributes.software == 3 })
    #expect(memory.load(FrameNumber(0x102), 1) == 0x8000_0000_0040_177F)
  }

  @Test func remapReplacesAndReports() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    let fresh = try tables.remap(0x5000, to: 5, .init(.readOnly, software: 1), in: &memory)
    #expect(fresh == nil)
    let old = try tables.remap(0x5000, to: 6, .init(.readWrite), in: &memory)
    #expect(old?.frame == 5)
    #expect(old?.attributes == .init(.readOnly, software: 1))
    #expect(tables.translate(0x5123, in: memory)?.address == PhysicalAddress(0x6123))
  }

  @Test func usageIsReportedAndCleared() throws {
    var memory = TestTables<UInt32>()
    let tables = try PageTable(format: twoLevel, in: &memory)
    var used = PageAttributes(.readWrite)
    used.isAccessed = true
    used.isDirty = true
    try tables.map(1, at: 0x1000, used, in: &memory)
    try tables.map(2, at: 0x2000, .init(.readWrite), in: &memory)
    var dirty: [VirtualAddress] = []
    let seen = try tables.clearUsage(0, pageCount: 16, accessed: false, in: &memory) { change, _ in
      if change.mapping.attributes.isDirty { dirty.append(change.mapping.page) }
    }
    #expect(seen == 2)
    #expect(dirty == [0x1000])
    #expect(tables.translate(0x1000, in: memory)?.mapping.attributes.isDirty == false)
    #expect(tables.translate(0x1000, in: memory)?.mapping.attributes.isAccessed == true)
  }

  @Test func anEmptyRangeIsNothing() throws {
    var memory = TestTables<UInt32>()
    let tables = try PageTable(format: twoLevel, in: &memory)
    try tables.map(1, at: 0x1000, pageCount: 0, .init(.readOnly), in: &memory)
    let removed = try tables.unmap(0x1000, pageCount: 0, in: &memory) { _, _ in }
    #expect(removed == 0)
    #expect(memory.tables.count == 1)
  }

  @Test func topTablesAreSharedAndSurvive() throws {
    var memory = TestTables<UInt64>()
    let kernel = try PageTable(format: pae, in: &memory)
    try kernel.prepareTopTables(0xC000_0000, pageCount: 1 << 18, in: &memory)
    #expect(memory.tables.count == 2)
    let process = try PageTable(format: pae, in: &memory)
    try process.shareTopEntries(of: kernel, 0xC000_0000, pageCount: 1 << 18, in: &memory)
    try process.prepareTopTables(0, pageCount: 3 << 18, in: &memory)
    try kernel.map(1, at: 0xC000_0000, .init(.readWrite), in: &memory)
    #expect(process.translate(0xC000_0000, in: memory)?.mapping.frame == 1)
    try process.map(1, at: 0x1000, .init(.readWrite, isUser: true), in: &memory)
    _ = try process.unmap(0x1000, in: &memory)
    var told: [VirtualAddress] = []
    let first = try process.reclaimTables(0, pageCount: 3 << 18, in: &memory) { told.append($0) }
    #expect(first == 1 && told == [0])
    let rest = try process.reclaimTables(0, pageCount: 3 << 18, keepsTopTables: false, in: &memory) { _ in }
    #expect(rest == 3)
    process.freeRoot(in: &memory)
    #expect(memory.reachable(from: kernel.root, pae) == memory.tables.count)
  }
}
