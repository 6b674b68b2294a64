import Base
import Partition
import Testing

/// A node with `count` private segments from `start` and the shared window in the last row but one.
func table(node: UInt8, start: UInt64, count: Int = 2) -> LookupTable {
  var table = LookupTable()
  for index in 0..<count {
    table[index] = Segment(
      .private, [.read, .write, .execute], owner: node,
      system: PhysicalAddress((start + UInt64(index)) * segmentSize))
  }
  table[0xC0] = Segment(.shared, .readWrite, owner: 0, system: PhysicalAddress(14 * segmentSize))
  return table
}

let memoryEnd = PhysicalAddress(16 * segmentSize)

@Test func coreAddressesTranslateBothWays() {
  let table = table(node: 0, start: 3)
  #expect(table.system(ofCore: 0x0112_3456) == PhysicalAddress(0x0412_3456))
  #expect(table.core(ofSystem: PhysicalAddress(0x0412_3456)) == 0x0112_3456)
  #expect(table.system(ofCore: 0x0200_0000) == nil)
  #expect(table.core(ofSystem: PhysicalAddress(0)) == nil)
  #expect(table.permits(.readWrite, atCore: 0xC000_0000))
  #expect(!table.permits(.execute, atCore: 0xC000_0000))
}

@Test func wellFormedTablesPass() throws {
  let first = table(node: 0, start: 2)
  let second = table(node: 1, start: 4)
  try validate(first, node: 0, nodeCount: 2, memoryEnd: memoryEnd)
  try validate(second, node: 1, nodeCount: 2, memoryEnd: memoryEnd)
  try validate(first, node: 0, against: second, node: 1)
}

@Test(arguments: [
  (
    PartitionError.Reason.overlap, 5,
    Segment(.shared, .readWrite, owner: 0, system: PhysicalAddress(2 << 24)), 0
  ),
  (
    .writeAndExecute, 5,
    Segment(.shared, [.read, .write, .execute], owner: 0, system: PhysicalAddress(8 << 24)), 5
  ),
  (.gap, 5, Segment(.private, .readWrite, owner: 0, system: PhysicalAddress(8 << 24)), 1),
  (.outsideMemory, 5, Segment(.shared, .readWrite, owner: 0, system: PhysicalAddress(16 << 24)), 5),
  (
    .outsideMemory, 5, Segment(.device, .readWrite, owner: 0, system: PhysicalAddress(0xFFFF_FFFF_FF00_0000)),
    5
  ),
  (.misaligned, 5, Segment(.shared, .readWrite, owner: 0, system: PhysicalAddress(0x0900_1000)), 5),
  (.foreignPrivate, 2, Segment(.private, .readWrite, owner: 1, system: PhysicalAddress(8 << 24)), 2),
  (.permissions, 5, Segment(.shared, [], owner: 0, system: PhysicalAddress(8 << 24)), 5),
  (.unknownOwner, 5, Segment(.shared, .readOnly, owner: 2, system: PhysicalAddress(8 << 24)), 5),
])
func refusesABadRowAndNamesIt(reason: PartitionError.Reason, row: Int, segment: Segment, other: Int) {
  var table = table(node: 0, start: 2)
  table[row] = segment
  let expected = PartitionError(
    reason, RowPlace(node: 0, row: UInt8(other)), RowPlace(node: 0, row: UInt8(row)))
  #expect(throws: expected) { try validate(table, node: 0, nodeCount: 2, memoryEnd: memoryEnd) }
}

@Test func twoOwnersAreNamedWithBothRows() {
  let first = table(node: 0, start: 2)
  let second = table(node: 1, start: 3)
  #expect(
    throws: PartitionError(.twoOwners, RowPlace(node: 0, row: 1), RowPlace(node: 1, row: 0))
  ) { try validate(first, node: 0, against: second, node: 1) }
}

@Test func mappingsOutsideTheTableAreFound() {
  let table = table(node: 0, start: 2)
  var checker = MappingChecker()
  func mapping(_ physical: UInt64, _ count: UInt64, _ access: Access) -> Mapping {
    Mapping(virtual: VirtualAddress(0), physical: PhysicalAddress(physical), byteCount: count, access: access)
  }
  checker.check(mapping(0x0200_0000, 0x0200_0000, .readWrite), against: table)
  checker.check(mapping(0x0E00_0000, 0x1000, .readWrite), against: table)
  #expect(checker.violations == 0)
  checker.check(mapping(0x03FF_F000, 0x2000, .readWrite), against: table)
  #expect(checker.first?.violation == .outsideTable)
  checker.check(mapping(0x0E00_0000, 0x1000, .readExecute), against: table)
  checker.check(mapping(0x0200_0000, 0x1000, [.read, .write, .execute]), against: table)
  checker.check(mapping(0xFFFF_FFFF_FFFF_F000, 0x2000, .readOnly), against: table)
  #expect(checker.violations == 4 && checker.checked == 6)
}

@Test func bootStructureSurvivesTheJourneyAndNoChangeDoes() throws {
  var boot = BootStructure()
  boot.node = 3
  boot.nodeCount = 48
  boot.generation = 7
  boot.memoryBytes = 32 << 20
  boot.kernel = (0x10_0000, 0x4_2000)
  boot.ramdisk = (0x20_0000, 0x1000)
  boot.images = (0x30_0000, 0x5000)
  boot.window = (0xC000_0000, 16 << 20)
  boot.table = table(node: 3, start: 8)
  let line = Array("log=debug node=3".utf8)
  let isSet = boot.setCommandLine(line.span)
  #expect(isSet)
  let bytes = boot.encoded()
  #expect(bytes[0] == UInt8(ascii: "A") && bytes[7] == UInt8(ascii: "T") && bytes[16] == 3)
  let copy = try BootStructure(decoding: bytes)
  #expect(copy.node == 3 && copy.commandLineCount == 16 && copy.kernel == (0x10_0000, 0x4_2000))
  #expect(copy.images == (0x30_0000, 0x5000))
  for row in 0..<256 { #expect(copy.table[row] == boot.table[row]) }
  for place in stride(from: 0, to: 4096, by: 7) {
    var changed = bytes
    changed[place] ^= 1 << UInt8(place % 8)
    #expect(throws: BootStructureError.self) { try BootStructure(decoding: changed) }
  }
}
