/// Making mappings.

import Base

extension PageTable {
  /// Maps one base page that is not mapped.
  ///
  /// Refuses without changing any mapping. Throws `misaligned`, `nonCanonical`, `frameOutOfReach`, `alreadyMapped`;
  /// and `outOfFrames`, where tables that were made on the way stay for the next attempt.
  ///
  /// - Parameters:
  ///   - frame: the frame.
  ///   - page: the first address.
  ///   - attributes: permissions, caching and marks.
  ///   - memory: the tables.
  @inlinable
  public func map<Memory: TableMemory & ~Copyable>(
    _ frame: FrameNumber, at page: VirtualAddress, _ attributes: PageAttributes, in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    try map(frame, at: page, attributes, level: 1, in: &memory)
  }

  /// Maps one page of any size that is not mapped.
  ///
  /// Refuses as `map` of a base page does; also with `unsupportedSize`, and with `alreadyMapped` if a part of the
  /// page is mapped or a table lies there, even an empty one.
  ///
  /// - Parameters:
  ///   - frame: the first frame, aligned to `size`.
  ///   - page: the first address, aligned to `size`.
  ///   - attributes: permissions, caching and marks.
  ///   - size: how much to map.
  ///   - memory: the tables.
  @inlinable
  public func map<Memory: TableMemory & ~Copyable>(
    _ frame: FrameNumber, at page: VirtualAddress, _ attributes: PageAttributes, size: PageSize,
    in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    guard let level = format.level(of: size) else { throw .unsupportedSize }
    try map(frame, at: page, attributes, level: level, in: &memory)
  }

  @inlinable @inline(__always)
  func map<Memory: TableMemory & ~Copyable>(
    _ frame: FrameNumber, at page: VirtualAddress, _ attributes: PageAttributes, level: Int,
    in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    let address = page.rawValue
    guard address & Format.offsetMask(level) == 0,
      frame.rawValue & UInt32(truncatingIfNeeded: Format.pageCount(level) - 1) == 0
    else { throw .misaligned }
    guard Format.isCanonical(address) else { throw .nonCanonical }
    try Self.checkReach(frame, 1)
    var slot = slot(address, in: memory)
    guard !format.isPresent(slot.entry), slot.level >= level else { throw .alreadyMapped }
    if slot.level > level { try descend(&slot, to: level, address, in: &memory) }
    memory.store(format.leaf(frame, attributes, level), slot.table, slot.index)
  }

  /// Maps a page that was found absent or replaces the mapping it has, in one step: the end of copy-on-write.
  ///
  /// Returns the mapping that was there; unless it is `nil`, a flush of the page is due. A large page is split
  /// first. Throws as `map` of a base page does, except `alreadyMapped`; nothing has changed then.
  ///
  /// - Parameters:
  ///   - page: the page, which is a base page afterwards.
  ///   - frame: the frame that it shall lead to.
  ///   - attributes: permissions, caching and marks.
  ///   - memory: the tables.
  @inlinable
  public func remap<Memory: TableMemory & ~Copyable>(
    _ page: VirtualAddress, to frame: FrameNumber, _ attributes: PageAttributes, in memory: inout Memory
  ) throws(PagingError) -> Mapping? where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, 1) else { return nil }
    try Self.checkReach(frame, 1)
    var slot = slot(span.first, in: memory)
    while slot.level > 1, format.isPresent(slot.entry) {
      try split(slot, in: &memory)
      slot = self.slot(span.first, in: memory)
    }
    try descend(&slot, to: 1, span.first, in: &memory)
    let old = memory.exchange(format.leaf(frame, attributes, 1), slot.table, slot.index)
    return format.isPresent(old) ? slot.mapping(of: span.first, format, entry: old) : nil
  }
}
