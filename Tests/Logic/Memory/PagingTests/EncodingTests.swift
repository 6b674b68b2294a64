import Base
import Paging
import Testing

// The expected numbers are put together by hand from the bit positions of Intel SDM vol. 3, tables 4-4 to 4-6
// (32-bit), 4-8 to 4-11 (PAE) and 4-15 to 4-20 (four-level).

/// Maps one page and returns the entries on the way to it, root first.
func entries<Format: PageTableFormat>(
  _ format: Format, _ indices: [Int], _ page: VirtualAddress, _ frame: FrameNumber,
  _ attributes: PageAttributes,
  size: PageSize = .base
) throws -> [Format.Entry] {
  var memory = TestTables<Format.Entry>()
  let tables = try PageTable(format: format, in: &memory)
  try tables.map(frame, at: page, attributes, size: size, in: &memory)
  var table = tables.root
  return indices.map { index in
    let entry = memory.load(table, index)
    table = FrameNumber(UInt32(truncatingIfNeeded: entry >> 12))
    return entry
  }
}

@Suite struct EncodingTests {
  @Test func twoLevelEntriesHaveTheManualsBits() throws {
    // 0xC0123000: directory 0x300, table 0x123.
    #expect(
      try entries(twoLevel, [0x300, 0x123], 0xC012_3000, 0x54321, .init(.readWrite)) == [
        0x10_1007, 0x5432_1003,
      ])
    #expect(try entries(twoLevel, [0x300, 0x123], 0xC012_3000, 0x54321, .init(.readOnly))[1] == 0x5432_1001)
    #expect(
      try entries(twoLevel, [0x300, 0x123], 0xC012_3000, 0x54321, .init(.readExecute))[1] == 0x5432_1001)
    let user = PageAttributes(.readWrite, isUser: true, isGlobal: true, caching: .uncached, software: 5)
    #expect(try entries(twoLevel, [0x300, 0x123], 0xC012_3000, 0x54321, user)[1] == 0x5432_1B1F)
    #expect(
      try entries(twoLevel, [0x300], 0xC000_0000, 0x400, .init(.readWrite), size: .fourMiB) == [0x0040_0083])
  }

  @Test func paeEntriesHaveTheManualsBits() throws {
    // 0xC0323000: pointer 3, directory 1, table 0x123. The pointer entry has the address and P only.
    let data = try entries(pae, [3, 1, 0x123], 0xC032_3000, 0x54_3210, .init(.readWrite))
    #expect(data == [0x10_1001, 0x10_2007, 0x8000_0005_4321_0003])
    #expect(data[0] & 0xFFF0_0000_0000_01E6 == 0)
    #expect(try entries(pae, [3, 1, 0x123], 0xC032_3000, 1, .init(.readExecute))[2] == 0x1001)
    #expect(
      try entries(pae, [3, 1], 0xC020_0000, 0x20_0200, .init(.readExecute, isGlobal: true), size: .twoMiB)[1]
        == 0x2_0020_0181)
    let withoutNoExecute = PAEFormat(noExecute: false)
    #expect(try entries(withoutNoExecute, [3, 1, 0x123], 0xC032_3000, 1, .init(.readWrite))[2] == 0x1003)
  }

  @Test func fourLevelEntriesHaveTheManualsBits() throws {
    // Slot 129, 1, 2, 3.
    let page = VirtualAddress(129 << 39 | 1 << 30 | 2 << 21 | 3 << 12)
    let data = try entries(fourLevel, [129, 1, 2, 3], page, 0xFFFF_FFFF, .init(.readWrite))
    #expect(data == [0x10_1007, 0x10_2007, 0x10_3007, 0x8000_0FFF_FFFF_F003])
    #expect(try entries(fourLevel, [129, 1, 2, 3], page, 2, .init([.read, .write, .execute]))[3] == 0x2003)
    #expect(
      try entries(
        fourLevel, [0, 0, 1], 0x20_0000, 0x200, .init(.readOnly, caching: .writeThrough), size: .twoMiB)[2]
        == UInt64(0x8000_0000_0020_0089))
    #expect(
      try entries(fourLevel, [0, 1], 0x4000_0000, 0x4_0000, .init(.readWrite), size: .oneGiB)[1]
        == UInt64(0x8000_0000_4000_0083))
    let withoutNoExecute = FourLevelFormat(noExecute: false, gigabytePages: false)
    #expect(try entries(withoutNoExecute, [0, 0, 0, 1], 0x1000, 3, .init(.readWrite))[3] == 0x3003)
  }

  @Test func usageMarksAreBitsFiveAndSix() throws {
    var attributes = PageAttributes(.readWrite)
    attributes.isAccessed = true
    #expect(try entries(twoLevel, [0, 1], 0x1000, 1, attributes)[1] == 0x1023)
    attributes.isDirty = true
    #expect(try entries(twoLevel, [0, 1], 0x1000, 1, attributes)[1] == 0x1063)
    attributes.isAccessed = false
    #expect(try entries(twoLevel, [0, 1], 0x1000, 1, attributes)[1] == 0x1043)
  }

  @Test(arguments: [Caching.writeBack, .writeThrough, .uncachedUnlessCombining, .uncached])
  func cachingIsPWTAndPCD(caching: Caching) throws {
    let attributes = PageAttributes(.readOnly, caching: caching)
    let expected: [Caching: UInt32] = [
      .writeBack: 0x1001, .writeThrough: 0x1009, .uncachedUnlessCombining: 0x1011, .uncached: 0x1019,
    ]
    #expect(try entries(twoLevel, [0, 1], 0x1000, 1, attributes)[1] == expected[caching])
    #expect(attributes.caching == caching)
  }
}
