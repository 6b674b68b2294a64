/// The leaves of a range, one after another.

import Base

/// A place in a range that moves from leaf to leaf in the order of addresses.
///
/// Within a table it reads entry after entry; what is absent at a high level costs one step. So a sparse address
/// space costs its tables, not its size. The leaves behind the cursor may change, and the tree ahead of it only by
/// splitting.
@usableFromInline
struct LeafCursor<Format: PageTableFormat> {
  /// An address in what the current entry covers.
  @usableFromInline var address: UInt
  /// The last address of the range.
  @usableFromInline let last: UInt
  @usableFromInline var slot: Slot<Format>
  /// Whether `slot` is to be found by a walk from the root.
  @usableFromInline var needsWalk = true
  @usableFromInline var isAtLeaf = false

  @inlinable @inline(__always)
  init(first: UInt, last: UInt) {
    (address, self.last) = (first, last)
    slot = Slot(table: FrameNumber(0), level: 1, index: 0, entry: 0, granted: 0)
  }

  /// Goes to the next leaf; `false` at the end of the range.
  @inlinable @inline(__always)
  mutating func advance<Memory: TableMemory & ~Copyable>(
    _ tables: PageTable<Format>, in memory: borrowing Memory
  ) -> Bool where Memory.Entry == Format.Entry {
    if isAtLeaf, !step() { return false }
    isAtLeaf = true
    while true {
      if !needsWalk {
        slot.entry = memory.load(slot.table, slot.index)
        needsWalk = tables.format.isPresent(slot.entry) && !tables.format.isLeaf(slot.entry, slot.level)
      }
      if needsWalk {
        slot = tables.slot(address, in: memory)
        needsWalk = false
      }
      if tables.format.isPresent(slot.entry) { return true }
      if !step() { return false }
    }
  }

  /// Goes past what the current entry covers; `false` at the end of the range.
  @inlinable @inline(__always)
  mutating func step() -> Bool {
    let end = address | Format.offsetMask(slot.level)
    guard end < last else { return false }
    address = Format.canonical(end + 1)
    slot.index += 1
    needsWalk = slot.index == Format.entryCount(slot.level)
    return true
  }
}
