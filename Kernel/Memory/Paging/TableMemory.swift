/// The seam through which page tables are read, written, made and released.
///
/// The bare machine answers with its direct map and frame allocator; tests with a dictionary; a view of a guest's
/// own tables with the guest's memory, where a frame outside of it reads as zeros, which is an absent entry.

import Base

/// Frames that hold page tables.
///
/// The processor walks the same tables and sets accessed and dirty marks while they are changed. So a store must
/// appear whole: 32-bit code with 64-bit entries writes the upper half first when it makes an entry present.
public protocol TableMemory<Entry>: ~Copyable {
  /// An entry as the format has it: 32 or 64 bits.
  associatedtype Entry: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable

  /// The entry `index` of the table in `table`.
  func load(_ table: FrameNumber, _ index: Int) -> Entry

  /// The first entry from `index` to `last` that is not zero, or `last + 1`.
  func firstUsed(_ table: FrameNumber, from index: Int, through last: Int) -> Int

  /// Writes an entry that was not present, or of which nothing is to be kept.
  mutating func store(_ entry: Entry, _ table: FrameNumber, _ index: Int)

  /// Writes an entry and returns the one that it replaced, in one step if processors share the tables.
  mutating func exchange(_ entry: Entry, _ table: FrameNumber, _ index: Int) -> Entry

  /// Writes `entry` if the table still has `expected`, in one step if processors share the tables; otherwise
  /// returns `false` and changes nothing.
  mutating func replace(_ expected: Entry, with entry: Entry, _ table: FrameNumber, _ index: Int) -> Bool

  /// A frame of zeros for a table. Throws `outOfFrames`.
  ///
  /// A root must lie where the processor's `cr3` reaches it: below 4 GiB on i686.
  mutating func allocateTable() throws(PagingError) -> FrameNumber

  /// Takes back a frame that no entry names any more.
  mutating func freeTable(_ table: FrameNumber)
}

extension TableMemory where Self: ~Copyable {
  /// The first entry that is not zero, one after the other.
  @inlinable @inline(__always)
  public func firstUsed(_ table: FrameNumber, from index: Int, through last: Int) -> Int {
    var index = index
    while index <= last, load(table, index) == 0 { index += 1 }
    return index
  }
}

/// Right where only this processor uses the tables: it cannot set a mark between its own load and store.
extension TableMemory where Self: ~Copyable {
  /// Writes an entry and returns the one that it replaced.
  @inlinable @inline(__always)
  public mutating func exchange(_ entry: Entry, _ table: FrameNumber, _ index: Int) -> Entry {
    let old = load(table, index)
    store(entry, table, index)
    return old
  }

  /// Writes `entry` if the table still has `expected`.
  @inlinable @inline(__always)
  public mutating func replace(
    _ expected: Entry, with entry: Entry, _ table: FrameNumber, _ index: Int
  ) -> Bool {
    guard load(table, index) == expected else { return false }
    store(entry, table, index)
    return true
  }

  /// Clears and sets bits of an entry without losing a mark that the processor sets meanwhile.
  ///
  /// Returns the entry
  /// as it was.
  @inlinable @inline(__always)
  mutating func update(clearing: Entry, setting: Entry, _ table: FrameNumber, _ index: Int) -> Entry {
    while true {
      let old = load(table, index)
      let new = old & ~clearing | setting
      if new == old || replace(old, with: new, table, index) { return old }
    }
  }
}
