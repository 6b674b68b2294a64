/// Where a walk down the tables ends.

import Base

/// The entry at which a walk for an address stopped: a leaf, or absent.
@usableFromInline
struct Slot<Format: PageTableFormat>: BitwiseCopyable {
  /// The table that holds the entry.
  @usableFromInline var table: FrameNumber
  /// The entry's level and place in the table.
  @usableFromInline var level: Int
  @usableFromInline var index: Int
  /// What was read there.
  @usableFromInline var entry: Format.Entry
  /// What the entries above grant; see `PageTableFormat.grants`.
  @usableFromInline var granted: Format.Entry

  @inlinable @inline(__always)
  init(table: FrameNumber, level: Int, index: Int, entry: Format.Entry, granted: Format.Entry) {
    (self.table, self.level, self.index, self.entry, self.granted) = (table, level, index, entry, granted)
  }

  /// The mapping that a present entry makes of `address`.
  @inlinable @inline(__always)
  func mapping(of address: UInt, _ format: Format, entry: Format.Entry) -> Mapping {
    Mapping(
      page: VirtualAddress(address & ~Format.offsetMask(level)), frame: Format.frame(entry, level),
      size: PageSize(shift: Format.shift(level)), attributes: format.attributes(entry, granted: granted))
  }
}

extension PageTable {
  /// Walks from the root while entries name tables.
  @inlinable @inline(__always)
  func slot<Memory: TableMemory & ~Copyable>(_ address: UInt, in memory: borrowing Memory) -> Slot<Format>
  where Memory.Entry == Format.Entry {
    var table = root
    var level = Format.levelCount
    var granted: Format.Entry = ~0
    while true {
      let index = Format.index(address, level)
      let entry = memory.load(table, index)
      guard format.isTable(entry, level) else {
        return Slot(table: table, level: level, index: index, entry: entry, granted: granted)
      }
      granted &= format.grants(entry, level)
      table = Format.table(entry)
      level -= 1
    }
  }

  /// Makes the tables between an absent slot and `level`, and goes there.
  ///
  /// Throws `outOfFrames`; the tables made
  /// until then stay linked, empty, and serve the next mapping.
  @inlinable
  func descend<Memory: TableMemory & ~Copyable>(
    _ slot: inout Slot<Format>, to level: Int, _ address: UInt, in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    while slot.level > level {
      let table = try memory.allocateTable()
      memory.store(format.tableEntry(table, slot.level), slot.table, slot.index)
      slot.level -= 1
      slot.table = table
      slot.index = Format.index(address, slot.level)
      slot.entry = 0
    }
  }
}
