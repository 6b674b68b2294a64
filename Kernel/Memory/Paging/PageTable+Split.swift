/// Large pages into smaller ones.

import Base

extension PageTable {
  /// Makes base pages of whatever maps `page`, with the same frames, attributes and marks.
  ///
  /// Throws `nonCanonical`, `notMapped`, and `outOfFrames`; a 1 GiB page may then be 2 MiB pages. Reports each page
  /// that was split. The translations stay the same, yet the flush is due: a processor that knows the large page
  /// besides a changed small one may use either, and some AMD family 10h parts then raise a machine check
  /// (erratum 383).
  ///
  /// - Parameters:
  ///   - page: any address in the page.
  ///   - memory: the tables.
  ///   - changed: called after each split.
  @inlinable
  public func split<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, in memory: inout Memory, changed: (PageChange, inout Memory) -> Void
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    guard Format.isCanonical(page.rawValue) else { throw .nonCanonical }
    while true {
      let slot = slot(page.rawValue, in: memory)
      guard format.isPresent(slot.entry) else { throw .notMapped }
      guard slot.level > 1 else { return }
      try split(slot, in: &memory)
      changed(PageChange(.split, slot.mapping(of: page.rawValue, format, entry: slot.entry)), &memory)
    }
  }

  /// Splits until no page reaches across either end of the span: at most two pages of each level.
  ///
  /// Called before a range is changed, so that what follows cannot fail.
  @inlinable
  func splitEnds<Memory: TableMemory & ~Copyable>(
    of span: Span, in memory: inout Memory, changed: (PageChange, inout Memory) -> Void
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    try splitAcross(span.first, in: &memory, changed: changed)
    if span.last < Format.lastAddress { try splitAcross(span.last + 1, in: &memory, changed: changed) }
  }

  @inlinable
  func splitAcross<Memory: TableMemory & ~Copyable>(
    _ address: UInt, in memory: inout Memory, changed: (PageChange, inout Memory) -> Void
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    while true {
      let slot = slot(address, in: memory)
      guard slot.level > 1, format.isPresent(slot.entry), address & Format.offsetMask(slot.level) != 0 else {
        return
      }
      try split(slot, in: &memory)
      changed(PageChange(.split, slot.mapping(of: address, format, entry: slot.entry)), &memory)
    }
  }

  /// Replaces one large leaf by a table of the next smaller pages.
  @inlinable
  func split<Memory: TableMemory & ~Copyable>(_ slot: Slot<Format>, in memory: inout Memory)
    throws(PagingError)
  where Memory.Entry == Format.Entry {
    let table = try memory.allocateTable()
    let (level, count) = (slot.level - 1, Format.entryCount(slot.level - 1))
    var marks = slot.entry & (Format.markBits | format.noExecuteBit) | Format.presentBit
    if level > 1 { marks |= Format.largeBit }
    var entry = Format.Entry(Format.frame(slot.entry, slot.level).rawValue) << Format.Entry(pageShift) | marks
    for index in 0..<count {
      memory.store(entry, table, index)
      entry = entry &+ Format.Entry(Format.pageCount(level)) << Format.Entry(pageShift)
    }
    let old = memory.exchange(format.tableEntry(table, slot.level), slot.table, slot.index)
    // The large page was used while the table was filled.
    let late = old & ~slot.entry & Format.usageBits
    guard late != 0 else { return }
    for index in 0..<count { _ = memory.update(clearing: 0, setting: late, table, index) }
  }
}
