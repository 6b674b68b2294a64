/// A lookup table as page tables need it: which 16 MiB of system memory stand behind which 16 MiB of a node's own
/// addresses, both ways, in a few instructions.
///
/// A node's kernel knows only core addresses: its memory map, its frames, its direct map all count from core address
/// 0. Hardware knows only system addresses. The two meet in page-table entries and in `cr3`, and there alone this
/// translation happens, so a mapping of what the table does not name can't be written down.

import Base

/// The translation between core and system addresses below 4 GiB.
public struct PartitionView: BitwiseCopyable, Sendable {
  // Indexed by bits 24 to 31; `nothing` where no row leads.
  @usableFromInline var systemRows: InlineArray<256, UInt16>
  @usableFromInline var coreRows: InlineArray<256, UInt16>

  /// Whether core and system addresses are the same everywhere.
  public private(set) var isIdentity = false

  @usableFromInline static var nothing: UInt16 { .max }

  /// A view in which both addresses are the same: a node that has the machine for itself.
  public init() {
    systemRows = .init(repeating: 0)
    coreRows = .init(repeating: 0)
    for row in 0..<256 {
      systemRows[row] = UInt16(row)
      coreRows[row] = UInt16(row)
    }
    isIdentity = true
  }

  /// The view of a table, or `nil` if a row leads above 4 GiB.
  ///
  /// Where several rows lead to the same memory, the lowest is the one that an entry is read back as.
  @export(interface)
  public init?(_ table: borrowing LookupTable) {
    systemRows = .init(repeating: Self.nothing)
    coreRows = .init(repeating: Self.nothing)
    for row in 0..<LookupTable.count where !add(row, table[row]) { return nil }
  }

  /// Forgets every row.
  mutating func clear() {
    for row in 0..<256 {
      systemRows[row] = Self.nothing
      coreRows[row] = Self.nothing
    }
  }

  /// Takes a row; answers false if it leads above 4 GiB.
  mutating func add(_ row: Int, _ segment: Segment) -> Bool {
    guard segment.kind != .none else { return true }
    guard segment.system.rawValue < 1 << 32 else { return false }
    let systemRow = Int(truncatingIfNeeded: segment.system.rawValue >> 24)
    systemRows[row] = UInt16(systemRow)
    if coreRows[systemRow] == Self.nothing { coreRows[systemRow] = UInt16(row) }
    return true
  }

  /// A page-table entry, or any address, with the core address in it replaced by the system address.
  ///
  /// An address that no row leads to is a broken invariant and traps: nobody may map it.
  @inlinable @inline(__always)
  public func system(_ entry: UInt64) -> UInt64 {
    // The rows handed to a function would be copied, all of them, for each entry.
    Self.replace(entry, systemRows[Int(truncatingIfNeeded: entry >> 24 & 0xFF)])
  }

  /// A page-table entry, or any address, with the system address in it replaced by the core address.
  @inlinable @inline(__always)
  public func core(_ entry: UInt64) -> UInt64 {
    Self.replace(entry, coreRows[Int(truncatingIfNeeded: entry >> 24 & 0xFF)])
  }

  /// Lets a row that leads nowhere lead to 16 MiB of another's memory, for whoever places what others run.
  ///
  /// - Returns: whether the row and the memory were free.
  public mutating func lend(_ row: Int, to system: UInt64) -> Bool {
    let systemRow = Int(truncatingIfNeeded: system >> 24)
    guard system < 1 << 32, systemRows[row] == Self.nothing, coreRows[systemRow] == Self.nothing else {
      return false
    }
    systemRows[row] = UInt16(systemRow)
    coreRows[systemRow] = UInt16(row)
    return true
  }

  /// Lets a row that was lent lead nowhere again.
  public mutating func takeBack(_ row: Int) {
    coreRows[Int(systemRows[row])] = Self.nothing
    systemRows[row] = Self.nothing
  }

  /// Whether a row leads from this core address to memory.
  @export(interface)
  public func isMapped(_ core: UInt64) -> Bool {
    core < 1 << 32 && systemRows[Int(truncatingIfNeeded: core >> 24)] != Self.nothing
  }

  /// The core address of a system address, or `nil` if no row leads there.
  @export(interface)
  public func coreAddress(_ system: UInt64) -> UInt64? {
    let row = coreRows[Int(truncatingIfNeeded: system >> 24 & 0xFF)]
    return row == Self.nothing ? nil : system & ~0xFF00_0000 | UInt64(row) << 24
  }

  @inlinable @inline(__always)
  static func replace(_ entry: UInt64, _ row: UInt16) -> UInt64 {
    precondition(row != nothing, "an address lies outside the node's lookup table")
    return entry & ~0xFF00_0000 | UInt64(row) << 24
  }
}
