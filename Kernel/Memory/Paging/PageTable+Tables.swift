/// The tables themselves: made ahead of use, shared between roots, released.

import Base

extension PageTable {
  /// Makes the tables that the root's entries for a range name, where there are none.
  ///
  /// For what all address spaces have in common: once its root entries are there, they can be copied into each new
  /// root, and what is mapped below them later shows in all. Also for PAE, whose root entries the processor does
  /// not read again. Throws `misaligned`, `nonCanonical`, `rangeOverflow`; `outOfFrames`, where the tables made
  /// until then stay.
  ///
  /// - Parameters:
  ///   - page: the first page.
  ///   - pageCount: the size of the range in base pages.
  ///   - memory: the tables.
  @inlinable
  public func prepareTopTables<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, pageCount: Int, in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, pageCount) else { return }
    let level = Format.levelCount
    for index in Format.index(span.first, level)...Format.index(span.last, level) {
      guard !format.isPresent(memory.load(root, index)) else { continue }
      memory.store(format.tableEntry(try memory.allocateTable(), level), root, index)
    }
  }

  /// Copies the root's entries for a range from another root, so that both share the tables below.
  ///
  /// The range of a shared part must never be given to `reclaimTables`. Throws `misaligned`, `nonCanonical`,
  /// `rangeOverflow`.
  ///
  /// - Parameters:
  ///   - other: tables with the same geometry.
  ///   - page: the first page; entries that the range covers in part are copied whole.
  ///   - pageCount: the size of the range in base pages.
  ///   - memory: the tables.
  @inlinable
  public func shareTopEntries<Memory: TableMemory & ~Copyable>(
    of other: Self, _ page: VirtualAddress, pageCount: Int, in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, pageCount) else { return }
    let level = Format.levelCount
    for index in Format.index(span.first, level)...Format.index(span.last, level) {
      memory.store(memory.load(other.root, index), root, index)
    }
  }

  /// Releases the tables of a range that have no entry any more; also such as reach beyond the range.
  ///
  /// The tables that a bare root names (PAE) stay until `keepsTopTables` is `false`, which is for address spaces
  /// that no processor uses any more. Throws `misaligned`, `nonCanonical`, `rangeOverflow`. Returns how many tables
  /// were released.
  ///
  /// - Parameters:
  ///   - page: the first page.
  ///   - pageCount: the size of the range in base pages.
  ///   - keepsTopTables: whether the entries of the root stay as they are.
  ///   - memory: the tables.
  ///   - willFree: called with an address of each table, after its entry was cleared and before its frame is
  ///     released: `invlpg` there makes this processor forget the table. Others must be told before it returns.
  @inlinable @discardableResult
  public func reclaimTables<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, pageCount: Int, keepsTopTables: Bool = Format.hasBareTop, in memory: inout Memory,
    willFree: (VirtualAddress) -> Void
  ) throws(PagingError) -> Int where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, pageCount) else { return 0 }
    let lowest = keepsTopTables ? Format.levelCount : Format.levelCount + 1
    return reclaim(root, Format.levelCount, span, below: lowest, in: &memory, willFree: willFree)
  }

  /// Releases the root of an address space whose tables were reclaimed or belong to others.
  @inlinable
  public func freeRoot<Memory: TableMemory & ~Copyable>(in memory: inout Memory)
  where Memory.Entry == Format.Entry {
    memory.freeTable(root)
  }

  /// Clears the entries of one table that name empty ones, if its level is below `limit`.
  ///
  /// As deep as the tables.
  @inlinable
  func reclaim<Memory: TableMemory & ~Copyable>(
    _ table: FrameNumber, _ level: Int, _ span: Span, below limit: Int, in memory: inout Memory,
    willFree: (VirtualAddress) -> Void
  ) -> Int where Memory.Entry == Format.Entry {
    var count = 0
    var first = span.first
    while true {
      let end = first | Format.offsetMask(level)
      let index = Format.index(first, level)
      let entry = memory.load(table, index)
      if format.isPresent(entry), !format.isLeaf(entry, level) {
        let child = Format.table(entry)
        if level > 2 {
          let part = Span(first: first, last: min(end, span.last))
          count += reclaim(child, level - 1, part, below: limit, in: &memory, willFree: willFree)
        }
        if level < limit, isEmpty(child, level - 1, in: memory) {
          _ = memory.exchange(0, table, index)
          willFree(VirtualAddress(first))
          memory.freeTable(child)
          count += 1
        }
      }
      guard end < span.last else { return count }
      first = end + 1
    }
  }

  @inlinable
  func isEmpty<Memory: TableMemory & ~Copyable>(
    _ table: FrameNumber, _ level: Int, in memory: borrowing Memory
  ) -> Bool where Memory.Entry == Format.Entry {
    for index in 0..<Format.entryCount(level) where format.isPresent(memory.load(table, index)) {
      return false
    }
    return true
  }
}
