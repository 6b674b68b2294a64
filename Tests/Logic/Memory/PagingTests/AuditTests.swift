import Base
import Paging
import Testing

@Suite struct AuditTests {
  @Test func aPlantedWritableAndExecutablePageIsFound() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    try tables.map(0, at: 0x4000_0000_0000, pageCount: 64, .init(.readExecute), in: &memory)
    try tables.map(64, at: 0x4000_0004_0000, pageCount: 64, .init(.readWrite), in: &memory)
    #expect(tables.firstWritableAndExecutable(in: memory) == nil)
    try tables.protect(0x4000_0001_3000, pageCount: 1, [.read, .write, .execute], in: &memory) { _, _ in }
    #expect(tables.firstWritableAndExecutable(in: memory)?.page == 0x4000_0001_3000)
    #expect(tables.firstWritableAndExecutable(from: 0x4000_0001_4000, in: memory) == nil)
    #expect(tables.firstWritableAndExecutable(through: 0x4000_0001_2FFF, in: memory) == nil)
  }

  @Test func withoutExecutePermissionsEveryWritablePageIsExecutable() throws {
    var memory = TestTables<UInt32>()
    let tables = try PageTable(format: twoLevel, in: &memory)
    try tables.map(0, at: 0x40_0000, .init(.readWrite), size: .fourMiB, in: &memory)
    #expect(tables.firstWritableAndExecutable(in: memory)?.size == .fourMiB)
  }

  @Test func aUserPageAmongKernelPagesIsFound() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: pae, in: &memory)
    try tables.map(1, at: 0x1000, .init(.readOnly, isUser: true), in: &memory)
    try tables.map(0, at: 0xC000_0000, pageCount: 4096, .init(.readWrite), in: &memory)
    #expect(tables.firstUserAccessible(from: 0xC000_0000, in: memory) == nil)
    #expect(tables.firstUserAccessible(in: memory)?.page == 0x1000)
    try tables.map(0, at: 0xFFFF_F000, .init(.readOnly, isUser: true), in: &memory)
    #expect(tables.firstUserAccessible(from: 0xC000_0000, in: memory)?.page == 0xFFFF_F000)
  }

  @Test func whatAnUpperLevelDeniesIsDenied() throws {
    var memory = TestTables<UInt64>()
    let tables = try PageTable(format: fourLevel, in: &memory)
    try tables.map(1, at: 0x1000, .init([.read, .write, .execute], isUser: true), in: &memory)
    // The root's entry loses W and U and gains NX.
    memory.store(memory.load(tables.root, 0) & ~6 | 1 << 63, tables.root, 0)
    let mapping = try #require(tables.translate(0x1000, in: memory)?.mapping)
    #expect(mapping.access == .readOnly)
    #expect(!mapping.attributes.isUser)
    #expect(tables.firstWritableAndExecutable(in: memory) == nil)
    #expect(tables.firstUserAccessible(in: memory) == nil)
  }
}
