/// Looking through all mappings, for checks that the running kernel and the tests share.

import Base

extension PageTable {
  /// Visits the mappings of the whole address space, or of a part, in the order of their addresses.
  ///
  /// - Parameters:
  ///   - first: the first address to look at. A page around it is visited too.
  ///   - last: the last address to look at.
  ///   - memory: the tables.
  ///   - visit: called with each mapping.
  @inlinable
  public func forEachMapping<Memory: TableMemory & ~Copyable>(
    from first: VirtualAddress = VirtualAddress(0), through last: VirtualAddress = VirtualAddress(UInt.max),
    in memory: borrowing Memory, _ visit: (Mapping) -> Void
  ) where Memory.Entry == Format.Entry {
    _ = firstMapping(from: first, through: last, in: memory) { mapping in
      visit(mapping)
      return false
    }
  }

  /// The first mapping of the whole address space, or of a part, for which `violates` answers `true`.
  ///
  /// A pair of pages that lead to one frame with different access is two mappings; a check for that needs a record
  /// of frames beside `violates`.
  ///
  /// - Parameters:
  ///   - first: the first address to look at. A page around it is looked at too.
  ///   - last: the last address to look at.
  ///   - memory: the tables.
  ///   - violates: what is looked for.
  @inlinable
  public func firstMapping<Memory: TableMemory & ~Copyable>(
    from first: VirtualAddress = VirtualAddress(0), through last: VirtualAddress = VirtualAddress(UInt.max),
    in memory: borrowing Memory, where violates: (Mapping) -> Bool
  ) -> Mapping? where Memory.Entry == Format.Entry {
    let last = min(last.rawValue, Format.lastAddress)
    guard first.rawValue <= last else { return nil }
    var cursor = LeafCursor<Format>(first: first.rawValue, last: last)
    while cursor.advance(self, in: memory) {
      let mapping = cursor.slot.mapping(of: cursor.address, format, entry: cursor.slot.entry)
      if violates(mapping) { return mapping }
    }
    return nil
  }

  /// Whether the entries of the root for a range are those of other tables, which then show the same there.
  ///
  /// - Parameters:
  ///   - other: tables with the same geometry.
  ///   - page: the first page; entries that the range covers in part are looked at whole.
  ///   - pageCount: the size of the range in base pages.
  ///   - memory: the tables.
  /// - Throws: `misaligned`, `nonCanonical`, `rangeOverflow`.
  @inlinable
  public func hasSameTopEntries<Memory: TableMemory & ~Copyable>(
    as other: Self, _ page: VirtualAddress, pageCount: Int, in memory: borrowing Memory
  ) throws(PagingError) -> Bool where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, pageCount) else { return true }
    let level = Format.levelCount
    for index in Format.index(span.first, level)...Format.index(span.last, level) {
      let difference = memory.load(other.root, index) ^ memory.load(root, index)
      // The processor marks an entry where it uses it, in one of the roots.
      if difference & ~Format.usageBits != 0 { return false }
    }
    return true
  }

  /// The first page of the whole address space, or of a part, that can be written and executed.
  ///
  /// Without execute permissions every writable page can be executed, and is found: look at
  /// `format.noExecuteBit` before asking.
  ///
  /// - Parameters:
  ///   - first: the first address to look at.
  ///   - last: the last address to look at.
  ///   - memory: the tables.
  @inlinable
  public func firstWritableAndExecutable<Memory: TableMemory & ~Copyable>(
    from first: VirtualAddress = VirtualAddress(0), through last: VirtualAddress = VirtualAddress(UInt.max),
    in memory: borrowing Memory
  ) -> Mapping? where Memory.Entry == Format.Entry {
    firstMapping(from: first, through: last, in: memory) { $0.access.isSuperset(of: [.write, .execute]) }
  }

  /// The first page of a part of the address space, or of all of it, that ring 3 can read.
  ///
  /// - Parameters:
  ///   - first: the first address to look at.
  ///   - last: the last address to look at.
  ///   - memory: the tables.
  @inlinable
  public func firstUserAccessible<Memory: TableMemory & ~Copyable>(
    from first: VirtualAddress = VirtualAddress(0), through last: VirtualAddress = VirtualAddress(UInt.max),
    in memory: borrowing Memory
  ) -> Mapping? where Memory.Entry == Format.Entry {
    firstMapping(from: first, through: last, in: memory) { $0.attributes.isUser }
  }
}
