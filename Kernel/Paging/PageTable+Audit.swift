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
