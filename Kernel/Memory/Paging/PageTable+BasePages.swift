/// The entries of base pages themselves, for those who keep more in them than mappings.
///
/// An address space of a program has only base pages below its part of the root, and puts entries there that are
/// not present but not zero: a page that is kept while nobody may touch it. What is here passes such entries on;
/// the operations on mappings take them for absent, so the two are not to be mixed in one range.

import Base

/// Where the entry of a base page is.
public struct EntryPlace: BitwiseCopyable, Sendable {
  /// The table of level 1.
  public var table: FrameNumber
  /// The entry's place in it.
  public var index: Int
  /// Whether the root got an entry that a processor with a bare root has not read.
  public var isBehindNewTop: Bool

  @inlinable @inline(__always)
  init(table: FrameNumber, index: Int, isBehindNewTop: Bool) {
    (self.table, self.index, self.isBehindNewTop) = (table, index, isBehindNewTop)
  }
}

extension PageTable {
  /// The place of a base page's entry; makes the tables above it.
  ///
  /// Throws `outOfFrames`, where tables that were made stay, and `alreadyMapped` in a large page. The address must
  /// be one that the format can translate.
  @inlinable @inline(__always)
  public func place<Memory: TableMemory & ~Copyable>(
    of address: UInt, in memory: inout Memory
  ) throws(PagingError) -> EntryPlace where Memory.Entry == Format.Entry {
    var table = root
    var level = Format.levelCount
    while level > 1 {
      let entry = memory.load(table, Format.index(address, level))
      guard format.isTable(entry, level) else { return try makePlace(address, in: &memory) }
      table = Format.table(entry)
      level -= 1
    }
    return EntryPlace(table: table, index: Format.index(address, 1), isBehindNewTop: false)
  }

  @inlinable @inline(never)
  func makePlace<Memory: TableMemory & ~Copyable>(
    _ address: UInt, in memory: inout Memory
  ) throws(PagingError) -> EntryPlace where Memory.Entry == Format.Entry {
    var slot = slot(address, in: memory)
    guard !format.isPresent(slot.entry) else { throw .alreadyMapped }
    let isNewTop = Format.hasBareTop && slot.level == Format.levelCount
    try descend(&slot, to: 1, address, in: &memory)
    return EntryPlace(table: slot.table, index: slot.index, isBehindNewTop: isNewTop)
  }

  /// Visits the entries of base pages of a range that are not zero, in the order of addresses.
  ///
  /// - Parameters:
  ///   - first: the first address of a page.
  ///   - last: the last address of a page, not below `first`.
  ///   - memory: the tables.
  ///   - visit: called with the page's address, its entry and where that is; it may change or clear the entry, and
  ///     return `false` to end the walk.
  @inlinable @inline(__always)
  public func forEachEntry<Memory: TableMemory & ~Copyable>(
    from first: UInt, through last: UInt, in memory: inout Memory,
    _ visit: (UInt, Format.Entry, EntryPlace, inout Memory) -> Bool
  ) where Memory.Entry == Format.Entry {
    var address = first
    while true {
      let slot = slot(address, in: memory)
      // The last address of the table, or of what the absent entry covers.
      let end = address | Format.offsetMask(slot.level == 1 ? 2 : slot.level)
      if slot.level == 1 {
        let lastIndex = slot.index + Int(bitPattern: (min(end, last) - address) >> UInt(pageShift))
        var index = memory.firstUsed(slot.table, from: slot.index, through: lastIndex)
        while index <= lastIndex {
          let page = address + UInt(bitPattern: index - slot.index) << UInt(pageShift)
          let place = EntryPlace(table: slot.table, index: index, isBehindNewTop: false)
          if !visit(page, memory.load(slot.table, index), place, &memory) { return }
          index = memory.firstUsed(slot.table, from: index + 1, through: lastIndex)
        }
      }
      guard end < last else { return }
      address = end + 1
    }
  }

  /// Releases the tables on the way to the pages of a range that cover nothing outside of `floor...ceiling`.
  ///
  /// The entries of all pages between `floor` and `ceiling` must be zero; so are the frames that are released, and
  /// nothing looks for that. Flushing what processors remember of the tables is the caller's.
  ///
  /// - Parameters:
  ///   - first: the first address of the range.
  ///   - last: its last address.
  ///   - floor: the lowest address around it where nothing is mapped.
  ///   - ceiling: the highest one.
  ///   - memory: the tables.
  @inlinable
  public func releaseTables<Memory: TableMemory & ~Copyable>(
    from first: UInt, through last: UInt, floor: UInt, ceiling: UInt, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    release(root, Format.levelCount, first, last, floor, ceiling, in: &memory)
  }

  @inlinable
  func release<Memory: TableMemory & ~Copyable>(
    _ table: FrameNumber, _ level: Int, _ first: UInt, _ last: UInt, _ floor: UInt, _ ceiling: UInt,
    in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    var address = first
    while true {
      let mask = Format.offsetMask(level)
      let end = address | mask
      let index = Format.index(address, level)
      let entry = memory.load(table, index)
      if format.isTable(entry, level) {
        let child = Format.table(entry)
        if level > 2 {
          release(child, level - 1, address, min(end, last), floor, ceiling, in: &memory)
        }
        if address & ~mask >= floor, end <= ceiling {
          memory.store(0, table, index)
          memory.freeTable(child)
        }
      }
      guard end < last else { return }
      address = end + 1
    }
  }
}

// MARK: - Entries

extension PageTableFormat {
  /// An entry that maps a base page.
  @inlinable @inline(__always)
  public func baseEntry(_ frame: FrameNumber, _ attributes: PageAttributes) -> Entry {
    leaf(frame, attributes, 1)
  }

  /// The frame that the entry of a base page names, present or not.
  @inlinable @inline(__always)
  public static func frame(ofBaseEntry entry: Entry) -> FrameNumber { table(entry) }

  /// Whether a processor may use the entry.
  @inlinable @inline(__always)
  public static func isUsable(_ entry: Entry) -> Bool { entry & presentBit != 0 }

  /// Whether a present entry allows to write.
  @inlinable @inline(__always)
  public static func isWritable(_ entry: Entry) -> Bool { entry & writeBit != 0 }

  /// The entry with stores forbidden.
  @inlinable @inline(__always)
  public static func withoutWrite(_ entry: Entry) -> Entry { entry & ~writeBit }

  /// The entry of a base page with another access, its frame and marks kept; without any access it is not present.
  @inlinable @inline(__always)
  public func baseEntry(_ entry: Entry, with access: Access) -> Entry {
    var result = entry & ~(Self.presentBit | Self.writeBit | noExecuteBit)
    if access.rawValue != 0 { result |= Self.presentBit }
    if access.contains(.write) { result |= Self.writeBit }
    if !access.contains(.execute) { result |= noExecuteBit }
    return result
  }
}
