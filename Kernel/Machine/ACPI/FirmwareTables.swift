/// The firmware's tables, found and checked before a byte of them is believed.
///
/// Only the tables that the kernel uses are read whole. What the firmware wrote is data of a stranger: a length, a
/// count or an address may be anything, so every walk has a bound. Left out on purpose: AML, which needs an
/// interpreter.

import Base

/// The root table, and with it the way to every other.
public struct FirmwareTables<Memory: PhysicalMemoryReader> {
  /// The most tables that are looked at.
  public static var mostTables: UInt32 { 256 }

  private let memory: Memory
  private let root: Table<Memory>
  private let entrySize: UInt32

  /// The number of tables that the root table names.
  public let count: UInt32

  /// Opens the root table.
  ///
  /// - Parameters:
  ///   - pointer: the root pointer.
  ///   - memory: the machine's memory.
  public init(_ pointer: RootPointer, in memory: Memory) throws(ACPIError) {
    let signature: TableSignature = pointer.isExtended ? .extendedRoot : .root
    root = try Table(at: pointer.rootTable, signature: signature, in: memory)
    entrySize = pointer.isExtended ? 8 : 4
    count = (root.length - Table<Memory>.headerSize) / entrySize
    self.memory = memory
    guard (root.length - Table<Memory>.headerSize) % entrySize == 0, count <= Self.mostTables else {
      throw ACPIError(reason: .badLength, address: root.address)
    }
  }

  /// The table with a signature that only one table may have.
  ///
  /// - Throws: `tableAbsent` if there is none.
  public func table(_ signature: TableSignature) throws(ACPIError) -> Table<Memory> {
    var place: PhysicalAddress?
    for index in 0..<count {
      let offset = Table<Memory>.headerSize + index * entrySize
      let entry: UInt64 =
        entrySize == 8 ? try root.field(offset) : UInt64(try root.field(offset, as: UInt32.self))
      let address = PhysicalAddress(entry)
      guard address != root.address else { throw ACPIError(reason: .cycle, address: root.place(offset)) }
      // Firmware leaves zeros for tables that it took out.
      guard entry != 0 else { continue }
      guard let letters: UInt32 = memory.load(at: address) else {
        throw ACPIError(reason: .unreadable, address: address)
      }
      guard letters == signature.rawValue else { continue }
      guard place == nil || place == address else {
        throw ACPIError(reason: .ambiguousTable, address: address)
      }
      place = address
    }
    guard let place else { throw ACPIError(reason: .tableAbsent, address: root.address) }
    return try Table(at: place, signature: signature, in: memory)
  }
}
