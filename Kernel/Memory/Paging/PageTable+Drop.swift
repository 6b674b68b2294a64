/// Giving tables back without looking at what they map.

import Base

extension PageTable {
  /// Releases the lowest tables of a range, whatever they map: two loads or so for each instead of one for each page.
  ///
  /// For tables that only repeat what others say, such as shadows. Upper tables stay. The flush is due afterwards.
  /// Throws `misaligned` unless the range begins and ends with such a table, `nonCanonical` and `rangeOverflow`.
  ///
  /// - Parameters:
  ///   - page: the first page.
  ///   - pageCount: the size of the range in base pages.
  ///   - memory: the tables.
  @inlinable
  public func dropTables<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, pageCount: Int, in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, pageCount) else { return }
    let covered = Format.offsetMask(2)
    guard span.first & covered == 0, span.last & covered == covered else { throw .misaligned }
    drop(root, Format.levelCount, span, in: &memory)
  }

  /// As deep as the tables.
  @inlinable
  func drop<Memory: TableMemory & ~Copyable>(
    _ table: FrameNumber, _ level: Int, _ span: Span, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    var first = span.first
    while true {
      let end = first | Format.offsetMask(level)
      let index = Format.index(first, level)
      let entry = memory.load(table, index)
      if format.isPresent(entry), !format.isLeaf(entry, level) {
        let child = Format.table(entry)
        if level > 2 {
          drop(child, level - 1, Span(first: first, last: min(end, span.last)), in: &memory)
        } else {
          _ = memory.exchange(0, table, index)
          memory.freeTable(child)
        }
      }
      guard end < span.last else { return }
      first = end + 1
    }
  }
}
