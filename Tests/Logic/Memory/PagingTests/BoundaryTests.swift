import Base
import Paging
import Testing

@Suite struct BoundaryTests {
  @Test func theLastPagesOf32BitsCanBeMapped() throws {
    var memory = TestTables<UInt32>()
    let tables = try PageTable(format: twoLevel, in: &memory)
    try tables.map(0, at: 0xFFC0_0000, pageCount: 1024, .init(.readOnly), in: &memory)
    #expect(tables.translate(0xFFFF_FFFF, in: memory)?.address == PhysicalAddress(0x3F_FFFF))
    #expect(tables.translate(0x1_0000_0000, in: memory) == nil)
    let removed = try tables.unmap(0xFFFF_F000, pageCount: 1, in: &memory) { _, _ in }
    #expect(removed == 1)
    #expect(tables.translate(0xFFFF_EFFF, in: memory) != nil)
    #expect(tables.translate(0xFFFF_F000, in: memory) == nil)
  }

  @Test func rangesPastTheEndOf32BitsAreRefused() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: pae, in: &memory)
    #expect(throws: PagingError.rangeOverflow) {
      try tables.map(0, at: 0xFFFF_F000, pageCount: 2, .init(.readOnly), in: &memory)
    }
    #expect(throws: PagingError.nonCanonical) {
      try tables.map(0, at: 0x1_0000_0000, .init(.readOnly), in: &memory)
    }
    #expect(throws: PagingError.rangeOverflow) {
      try tables.map(0, at: 0, pageCount: -1, .init(.readOnly), in: &memory)
    }
    #expect(throws: PagingError.rangeOverflow) {
      try tables.map(0, at: 0, pageCount: .max, .init(.readOnly), in: &memory)
    }
    #expect(memory.tables.count == 1)
  }

  @Test func theHoleOfFourLevelsIsNotCanonical() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    try tables.map(1, at: 0x7FFF_FFFF_F000, .init(.readOnly), in: &memory)
    try tables.map(2, at: 0xFFFF_8000_0000_0000, .init(.readOnly), in: &memory)
    try tables.map(3, at: 0xFFFF_FFFF_FFFF_F000, .init(.readOnly), in: &memory)
    for hole in [0x8000_0000_0000, 0xFFFF_7FFF_FFFF_F000, 0x8000_0000_0000_0000] as [VirtualAddress] {
      #expect(throws: PagingError.nonCanonical) { try tables.map(1, at: hole, .init(.readOnly), in: &memory) }
      #expect(tables.translate(hole, in: memory) == nil)
      #expect(throws: PagingError.nonCanonical) { try tables.unmap(hole, in: &memory) }
    }
    #expect(throws: PagingError.rangeOverflow) {
      try tables.map(1, at: 0x7FFF_FFFF_F000, pageCount: 2, .init(.readOnly), in: &memory)
    }
    #expect(throws: PagingError.rangeOverflow) {
      try tables.unmap(0, pageCount: 1 << 51, in: &memory) { _, _ in }
    }
    #expect(throws: PagingError.rangeOverflow) {
      try tables.unmap(0xFFFF_FFFF_FFFF_F000, pageCount: 2, in: &memory) { _, _ in }
    }
    var pages: [VirtualAddress] = []
    tables.forEachMapping(in: memory) { pages.append($0.page) }
    #expect(pages == [0x7FFF_FFFF_F000, 0xFFFF_8000_0000_0000, 0xFFFF_FFFF_FFFF_F000])
    let removed = try tables.unmap(0xFFFF_8000_0000_0000, pageCount: 1 << 35, in: &memory) { _, _ in }
    #expect(removed == 2)
  }

  @Test func aWalkAcrossTheHoleEndsWhereItShould() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    try tables.map(1, at: 0x7FFF_FFFF_E000, pageCount: 2, .init(.readOnly), in: &memory)
    try tables.map(3, at: 0xFFFF_8000_0000_0000, pageCount: 3, .init(.readOnly), in: &memory)
    var pages: [VirtualAddress] = []
    tables.forEachMapping(from: 0x7FFF_FFFF_F000, through: 0xFFFF_8000_0000_1FFF, in: memory) {
      pages.append($0.page)
    }
    #expect(pages == [0x7FFF_FFFF_F000, 0xFFFF_8000_0000_0000, 0xFFFF_8000_0000_1000])
  }

  @Test func alignmentIsThatOfThePage() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    #expect(throws: PagingError.misaligned) { try tables.map(0, at: 0x1001, .init(.readOnly), in: &memory) }
    #expect(throws: PagingError.misaligned) {
      try tables.map(0, at: 0x1000, .init(.readOnly), size: .twoMiB, in: &memory)
    }
    #expect(throws: PagingError.misaligned) {
      try tables.map(1, at: 0x20_0000, .init(.readOnly), size: .twoMiB, in: &memory)
    }
    #expect(throws: PagingError.misaligned) { try tables.unmap(5, in: &memory) }
    #expect(throws: PagingError.misaligned) {
      try tables.protect(5, pageCount: 1, .readOnly, in: &memory) { _, _ in }
    }
  }

  @Test func sizesThatTheProcessorLacksAreRefused() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: FourLevelFormat(noExecute: true, gigabytePages: false), in: &memory)
    for size in [PageSize.oneGiB, .fourMiB] {
      #expect(throws: PagingError.unsupportedSize) {
        try tables.map(0, at: 0, .init(.readOnly), size: size, in: &memory)
      }
    }
    try tables.map(0, at: 0, pageCount: 1 << 18, .init(.readOnly), in: &memory)
    #expect(tables.translate(0, in: memory)?.mapping.size == .twoMiB)
    var small = TestTables<UInt32>()
    let old = try PageTable(format: TwoLevelFormat(largePages: false), in: &small)
    try old.map(0, at: 0, pageCount: 1024, .init(.readOnly), in: &small)
    #expect(old.translate(0, in: small)?.mapping.size == .base)
  }

  @Test func framesAboveFourGiBDoNotFitTwoLevels() throws {
    var memory = TestTables<UInt32>()
    let tables = try PageTable(format: twoLevel, in: &memory)
    try tables.map(0xF_FFFF, at: 0, .init(.readOnly), in: &memory)
    #expect(throws: PagingError.frameOutOfReach) {
      try tables.map(0x10_0000, at: 0, .init(.readOnly), in: &memory)
    }
    #expect(throws: PagingError.frameOutOfReach) {
      try tables.map(0xF_FFFF, at: 0x1000, pageCount: 2, .init(.readOnly), in: &memory)
    }
    var wide = TestTables<UInt64>()
    let wideTables = try PageTable(format: pae, in: &wide)
    #expect(throws: PagingError.frameOutOfReach) {
      try wideTables.map(0xFFFF_FFFF, at: 0x1000, pageCount: 2, .init(.readOnly), in: &wide)
    }
    try wideTables.map(0xFFFF_FFFF, at: 0x1000, pageCount: 1, .init(.readOnly), in: &wide)
    #expect(wideTables.translate(0x1FFF, in: wide)?.address == PhysicalAddress(0xFFF_FFFF_FFFF))
  }

  @Test func anEntryBeyondSixteenTiBCountsAsAbsent() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    memory.store(0x0000_1000_0000_0007, tables.root, 0)
    #expect(tables.translate(0, in: memory) == nil)
  }
}
