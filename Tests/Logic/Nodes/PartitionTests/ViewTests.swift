import Base
import Paging
import Partition
import Testing

/// Tables at system addresses, with entries as the processor finds them: what a node writes is translated, as its
/// kernel does it.
private struct NodeTables: TableMemory {
  let view: PartitionView
  var words: [UInt64: UInt64] = [:]
  var next: UInt32 = 0x200

  func load(_ table: FrameNumber, _ index: Int) -> UInt64 {
    let entry = words[view.system(UInt64(table.rawValue) << 12 + UInt64(index) * 8)] ?? 0
    return entry & 1 == 0 ? entry : view.core(entry)
  }

  mutating func store(_ entry: UInt64, _ table: FrameNumber, _ index: Int) {
    words[view.system(UInt64(table.rawValue) << 12 + UInt64(index) * 8)] =
      entry & 1 == 0 ? entry : view.system(entry)
  }

  mutating func allocateTable() throws(PagingError) -> FrameNumber {
    next += 1
    return FrameNumber(next)
  }

  mutating func freeTable(_ table: FrameNumber) {}
}

@Test func aViewTranslatesEntriesBothWays() throws {
  let view = try #require(PartitionView(table(node: 1, start: 7)))
  #expect(view.system(0x0012_3063) == 0x0712_3063)
  #expect(view.core(0x8000_0000_0812_3063) == 0x8000_0000_0112_3063)
  #expect(view.coreAddress(0x0500_0000) == nil)
  #expect(view.isMapped(0xC000_0000))
  #expect(!view.isMapped(0x0200_0000))
}

@Test func withoutATableBothAddressesAreTheSame() {
  let view = PartitionView()
  for entry: UInt64 in [0, 0xFFFF_FFFF, 0x8000_0012_3456_7063] {
    #expect(view.system(entry) == entry)
    #expect(view.core(entry) == entry)
  }
}

@Test func mappingsOfANodeLeadOnlyWhereItsTableLeads() async throws {
  let rows = table(node: 1, start: 7)
  let view = try #require(PartitionView(rows))
  var memory = NodeTables(view: view)
  let tables = try PageTable(format: PAEFormat(noExecute: true), in: &memory)
  try tables.map(
    FrameNumber(0x100), at: VirtualAddress(0xC010_0000), PageAttributes(.readExecute), in: &memory)
  try tables.map(
    FrameNumber(0x1000), at: VirtualAddress(0xC100_0000), pageCount: 1024, PageAttributes(.readWrite),
    in: &memory)
  var rights = PartitionRights()
  for row in 0..<LookupTable.count { rights.add(rows[row]) }
  var found: [Partition.Mapping] = []
  let words = memory.words
  let walk = TableWalk(root: view.system(UInt64(tables.root.rawValue) << 12), isWide: false)
  let isReadable = walk.forEach(load: { words[$0] ?? 0 }, visit: { found.append($0) })
  #expect(isReadable)
  #expect(found.map(\.virtual.rawValue) == [0xC010_0000, 0xC100_0000, 0xC120_0000])
  #expect(found.map(\.physical.rawValue) == [0x0710_0000, 0x0800_0000, 0x0820_0000])
  #expect(found.map(\.access) == [.readExecute, .readWrite, .readWrite])
  #expect(found.allSatisfy { rights.violation(of: $0) == nil })
  // The same tables against another node's rows: everything is a violation.
  var others = PartitionRights()
  let foreign = table(node: 0, start: 2)
  for row in 0..<LookupTable.count { others.add(foreign[row]) }
  #expect(found.allSatisfy { others.violation(of: $0) == .outsideTable })
}

@Test func aMappingOfAnothersMemoryCannotBeWritten() async {
  await #expect(processExitsWith: .failure) {
    var rows = LookupTable()
    rows[0] = Segment(.private, [.read, .write], owner: 0, system: PhysicalAddress(3 << 24))
    guard let view = PartitionView(rows) else { return }
    _ = view.system(0x0100_0003)
  }
}

@Test func rightsAgreeWithTheChecker() {
  let rows = table(node: 0, start: 3)
  var rights = PartitionRights()
  for row in 0..<LookupTable.count { rights.add(rows[row]) }
  for start in stride(from: UInt64(0), to: 16 << 24, by: 0x80_0000) {
    for bytes: UInt64 in [0x1000, 0x20_0000, 0x100_0000] {
      for access: Access in [.readOnly, .readWrite, .readExecute, [.read, .write, .execute]] {
        let mapping = Partition.Mapping(
          virtual: VirtualAddress(0), physical: PhysicalAddress(start), byteCount: bytes, access: access)
        var checker = MappingChecker()
        checker.check(mapping, against: rows)
        #expect(rights.violation(of: mapping) == checker.first?.violation)
      }
    }
  }
}

private struct Bytes: PhysicalMemoryReader {
  var bytes: [UInt8]
  func byte(at address: PhysicalAddress) -> UInt8? {
    address.rawValue < UInt64(bytes.count) ? bytes[Int(address.rawValue)] : nil
  }
}

@Test func aPlacedStructureIsReadWithoutACopyAndRefusedLikeOne() throws {
  var structure = BootStructure()
  structure.node = 5
  structure.nodeCount = 48
  structure.memoryBytes = 32 << 20
  structure.window = (0x8000_0000, 32 << 20)
  structure.images = (0x20_0000, 30 << 20)
  structure.table = table(node: 5, start: 7)
  let line = Array("log=debug".utf8)
  let fits = structure.setCommandLine(line.span)
  #expect(fits)
  let encoded = structure.encoded()
  let bytes = (0..<BootStructure.byteCount).map { encoded[$0] }
  let placed = try PlacedStructure(at: 0, memory: Bytes(bytes: bytes))
  #expect(placed.node == 5 && placed.nodeCount == 48 && placed.commandLineCount == 9)
  #expect(placed.images == (0x20_0000, 30 << 20))
  for row in 0..<LookupTable.count { #expect(placed.row(row) == structure.table[row]) }
  // Images that pass the end of the node's memory by a byte, with a checksum that is right.
  structure.images.bytes += 1
  let beyond = structure.encoded()
  #expect(throws: BootStructureError.inconsistent) {
    try PlacedStructure(at: 0, memory: Bytes(bytes: (0..<BootStructure.byteCount).map { beyond[$0] }))
  }
  for index in [0, 8, 12, 16, 24, 64, 1024, 1031, 3000, 4095] {
    var broken = bytes
    broken[index] ^= 0x10
    #expect(throws: BootStructureError.self) { try PlacedStructure(at: 0, memory: Bytes(bytes: broken)) }
  }
  #expect(throws: BootStructureError.tooShort) { try PlacedStructure(at: 1, memory: Bytes(bytes: bytes)) }
}
