/// Removing mappings.

import Base

extension PageTable {
  /// Removes the base page at `page`; a large page around it is split, and the rest stays.
  ///
  /// Returns the mapping that was there, with its dirty mark; the flush is due before its frame is used again.
  /// Throws `misaligned`, `nonCanonical`, `notMapped`, and `outOfFrames` for a split; no mapping has changed then.
  ///
  /// - Parameters:
  ///   - page: the page.
  ///   - memory: the tables.
  @inlinable
  public func unmap<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, in memory: inout Memory
  ) throws(PagingError) -> Mapping where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, 1) else { throw .notMapped }
    var slot = slot(span.first, in: memory)
    while slot.level > 1, format.isPresent(slot.entry) {
      try split(slot, in: &memory)
      slot = self.slot(span.first, in: memory)
    }
    guard format.isPresent(slot.entry) else { throw .notMapped }
    let old = memory.exchange(0, slot.table, slot.index)
    return slot.mapping(of: span.first, format, entry: old)
  }

  /// Removes whatever is mapped in a range; holes are passed over.
  ///
  /// Tables stay: see `reclaimTables`.
  ///
  /// Pages that reach across an end of the range are split first, so that `outOfFrames` comes before anything is
  /// removed. Throws `misaligned`, `nonCanonical` and `rangeOverflow` too. Returns how many base pages were mapped.
  ///
  /// - Parameters:
  ///   - page: the first page.
  ///   - pageCount: the size of the range in base pages.
  ///   - memory: the tables.
  ///   - changed: called after each change, of kind `removed` or `split`, with the memory, to which it may return
  ///     frames.
  @inlinable @discardableResult
  public func unmap<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, pageCount: Int, in memory: inout Memory,
    changed: (PageChange, inout Memory) -> Void
  ) throws(PagingError) -> Int where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, pageCount) else { return 0 }
    try splitEnds(of: span, in: &memory, changed: changed)
    var cursor = LeafCursor<Format>(first: span.first, last: span.last)
    var count = 0
    while cursor.advance(self, in: memory) {
      let slot = cursor.slot
      let old = memory.exchange(0, slot.table, slot.index)
      count += Format.pageCount(slot.level)
      changed(PageChange(.removed, slot.mapping(of: cursor.address, format, entry: old)), &memory)
    }
    return count
  }
}
