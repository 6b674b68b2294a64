/// The leaves of a range, one after another.

import Base

/// A place in a range that moves from leaf to leaf in the order of addresses.
///
/// Within a table it reads entry after entry; only at the end of a table, and to go below an entry, it walks from
/// the root again. What is absent at a high level costs one step, so a sparse address space costs its tables, not
/// its size. Between steps the current leaf may be changed or removed, the rest of the tree not.
@usableFromInline
struct LeafCursor<Format: PageTableFormat> {
  /// The current entry.
  @usableFromInline var slot: Slot<Format>
  /// The address that the first entry of the current table covers from.
  @usableFromInline var base: UInt
  /// The last entry of the current table that belongs to the range; -1 before the first walk.
  @usableFromInline var lastIndex = -1
  /// Whether the range ends in the current table.
  @usableFromInline var endsHere = false
  /// The last address of the range.
  @usableFromInline let last: UInt

  @inlinable @inline(__always)
  init(first: UInt, last: UInt) {
    (base, self.last) = (first, last)
    slot = Slot(table: FrameNumber(0), level: 1, index: 0, entry: 0, granted: 0)
  }

  /// The first address that the current entry covers.
  @inlinable @inline(__always)
  var address: UInt { Format.canonical(base | UInt(slot.index) << UInt(Format.shift(slot.level))) }

  /// Goes to the next leaf; `false` at the end of the range.
  @inlinable @inline(__always)
  mutating func advance<Memory: TableMemory & ~Copyable>(
    _ tables: PageTable<Format>, in memory: borrowing Memory
  ) -> Bool where Memory.Entry == Format.Entry {
    // Most leaves are base pages next to one another, and most entries of most tables are absent.
    let (table, limit) = (slot.table, lastIndex)
    var index = slot.index
    while index < limit {
      index += 1
      let entry = memory.load(table, index)
      guard tables.format.isPresent(entry) else { continue }
      (slot.index, slot.entry) = (index, entry)
      if !tables.format.isTable(entry, slot.level) { return true }
      return walk(to: address, tables, in: memory)
    }
    if lastIndex < 0 { return walk(to: base, tables, in: memory) }
    // A root always has the end of the range, so there is a table after this one, and its address does not wrap.
    return !endsHere
      && walk(to: Format.canonical(base + (Format.offsetMask(slot.level + 1) + 1)), tables, in: memory)
  }

  /// Walks from the root to the table that is to map `start`, and on to the first leaf at or after it.
  @inlinable
  mutating func walk<Memory: TableMemory & ~Copyable>(
    to start: UInt, _ tables: PageTable<Format>, in memory: borrowing Memory
  ) -> Bool where Memory.Entry == Format.Entry {
    var start = start
    while true {
      slot = tables.slot(start, in: memory)
      let level = slot.level
      base = start & ~Format.offsetMask(level + 1)
      endsHere = level == Format.levelCount || last & ~Format.offsetMask(level + 1) == base
      lastIndex = endsHere ? Format.index(last, level) : Format.entryCount(level) - 1
      if tables.format.isPresent(slot.entry) { return true }
      let (table, limit) = (slot.table, lastIndex)
      var (index, entry) = (slot.index, slot.entry)
      while index < limit, !tables.format.isPresent(entry) {
        index += 1
        entry = memory.load(table, index)
      }
      (slot.index, slot.entry) = (index, entry)
      if tables.format.isPresent(slot.entry) {
        if !tables.format.isTable(slot.entry, level) { return true }
        start = address
      } else {
        guard !endsHere else { return false }
        start = Format.canonical(base + (Format.offsetMask(level + 1) + 1))
      }
    }
  }
}
