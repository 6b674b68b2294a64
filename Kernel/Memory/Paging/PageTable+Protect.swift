/// Changing the attributes of what is mapped.

import Base

extension PageTable {
  /// Gives whatever is mapped in a range the access `access`; holes are passed over, other attributes stay.
  ///
  /// Pages that reach across an end of the range are split first, so that `outOfFrames` comes before any access
  /// changes. Throws `misaligned`, `nonCanonical` and `rangeOverflow` too. Returns how many base pages are mapped.
  /// Reports pages whose entry changed, of kind `altered`, and of kind `split`.
  ///
  /// - Parameters:
  ///   - page: the first page.
  ///   - pageCount: the size of the range in base pages.
  ///   - access: the new access, which must contain `read`.
  ///   - memory: the tables.
  ///   - changed: called after each change.
  @inlinable @discardableResult
  public func protect<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, pageCount: Int, _ access: Access, in memory: inout Memory,
    changed: (PageChange, inout Memory) -> Void
  ) throws(PagingError) -> Int where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, pageCount) else { return 0 }
    try splitEnds(of: span, in: &memory, changed: changed)
    let bits = PageAttributes.bits(of: access)
    var marks = Format.Entry(bits) & Format.writeBit
    if bits & 1 == 0 { marks |= format.noExecuteBit }
    return alter(span, Format.writeBit | format.noExecuteBit, marks, in: &memory, changed: changed)
  }

  /// Sets the three software bits of whatever is mapped in a range.
  ///
  /// The processor does not look at them, so
  /// no flush is due. Throws as `protect` does. Returns how many base pages are mapped.
  ///
  /// - Parameters:
  ///   - page: the first page.
  ///   - pageCount: the size of the range in base pages.
  ///   - software: the new value, 0 to 7.
  ///   - memory: the tables.
  ///   - changed: called after each change; a split does need a flush.
  @inlinable @discardableResult
  public func mark<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, pageCount: Int, software: UInt8, in memory: inout Memory,
    changed: (PageChange, inout Memory) -> Void
  ) throws(PagingError) -> Int where Memory.Entry == Format.Entry {
    precondition(software < 8, "an entry has three bits for software")
    guard let span = try Self.span(page, pageCount) else { return 0 }
    try splitEnds(of: span, in: &memory, changed: changed)
    return alter(span, 7 << 9, Format.Entry(software) << 9, in: &memory, changed: changed)
  }

  /// Clears the marks that say that the processor used the pages of a range, and reports each mapping that had
  /// one, as it was.
  ///
  /// Large pages keep their size: a mark stands for the whole page. Throws `misaligned`,
  /// `nonCanonical`, `rangeOverflow`. Returns how many base pages are mapped.
  ///
  /// Until the flush, a processor may go on using a page without marking it again.
  ///
  /// - Parameters:
  ///   - page: the first page.
  ///   - pageCount: the size of the range in base pages.
  ///   - accessed: whether to clear the accessed marks.
  ///   - dirty: whether to clear the dirty marks.
  ///   - memory: the tables.
  ///   - changed: called after each change.
  @inlinable @discardableResult
  public func clearUsage<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, pageCount: Int, accessed: Bool = true, dirty: Bool = true,
    in memory: inout Memory,
    changed: (PageChange, inout Memory) -> Void
  ) throws(PagingError) -> Int where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, pageCount) else { return 0 }
    let marks: Format.Entry = (accessed ? 1 << 5 : 0) | (dirty ? 1 << 6 : 0)
    return alter(span, marks, 0, in: &memory, changed: changed)
  }

  /// Clears and sets bits of every leaf of the span.
  ///
  @inlinable
  func alter<Memory: TableMemory & ~Copyable>(
    _ span: Span, _ clearing: Format.Entry, _ setting: Format.Entry, in memory: inout Memory,
    changed: (PageChange, inout Memory) -> Void
  ) -> Int where Memory.Entry == Format.Entry {
    var cursor = LeafCursor<Format>(first: span.first, last: span.last)
    var count = 0
    while cursor.advance(self, in: memory) {
      let slot = cursor.slot
      count += Format.pageCount(slot.level)
      let old = memory.update(clearing: clearing, setting: setting, slot.table, slot.index)
      guard old & ~clearing | setting != old else { continue }
      changed(PageChange(.altered, slot.mapping(of: cursor.address, format, entry: old)), &memory)
    }
    return count
  }
}
