/// Making a mapping longer or shorter, and moving it.

import Base
import Paging
import Regions

extension AddressSpace {
  /// Gives a mapping another size, and another place if it must and may.
  ///
  /// - Parameters:
  ///   - address: its first address.
  ///   - oldSize: its bytes, not 0.
  ///   - newSize: the bytes that it shall have, not 0.
  ///   - target: where it shall be, or `nil` to leave it where it is if it fits there.
  ///   - mayMove: whether it may be anywhere else.
  ///   - memory: the machine.
  /// - Returns: its first address then.
  @inline(never)
  public mutating func remap<Memory: SpaceMemory & ~Copyable>(
    _ address: UInt, _ oldSize: UInt, to newSize: UInt, at target: UInt? = nil, mayMove: Bool,
    in memory: inout Memory
  ) throws(SpaceError) -> UInt where Memory.Entry == Format.Entry {
    let (old, new) = (Self.pages(oldSize), Self.pages(newSize))
    guard address & UInt(pageSize - 1) == 0, old > 0, new > 0, allows(address, old) else { throw .invalid }
    let (start, end) = (address >> 12, address >> 12 + old)
    guard let region = regions.find(start), region.fields.end >= end else { throw .unmapped }
    guard region.fields.content.kind != .kernelPage else { throw .invalid }
    if let target {
      guard target & UInt(pageSize - 1) == 0, allows(target, new),
        target >> 12 >= end || target >> 12 + new <= start
      else { throw .invalid }
      return try move(address, min(old, new), to: new, at: target, rest: old, in: &memory)
    }
    if new <= old {
      if new < old { try unmap(address + new << 12, (old - new) << 12, in: &memory) }
      return address
    }
    guard regions.pageCount <= pageLimit, new - old <= pageLimit - regions.pageCount,
      new - old <= memory.frameLimit
    else { throw .outOfMemory }
    if region.fields.end == end, region.fields.content.kind != .stack, allows(address, new),
      regions.isFree(end, start + new)
    {
      try extend(region, by: new - old, in: &memory)
      return address
    }
    guard mayMove else { throw .outOfMemory }
    return try move(address, old, to: new, at: room(new, near: 0), rest: old, in: &memory)
  }

  /// Adds pages at the end of a region.
  mutating func extend<Memory: SpaceMemory & ~Copyable>(
    _ region: RegionReference, by count: UInt, in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    let end = region.fields.end
    var content = region.fields.content
    if content.file != 0 { content.filePage &+= UInt64(region.fields.pageCount) }
    let isPopulated = content.isShared && content.file == 0
    try Self.refusing { () throws(RegionError) in
      try regions.insert(end, end + count, content, in: &memory)
    }
    guard isPopulated else { return }
    do { try populate(end << 12, count, in: &memory) } catch {
      removeAdded(end << 12, count, in: &memory)
      throw error
    }
  }

  /// Moves the first `kept` pages of a mapping to where there will be `new`, and removes all `old` ones.
  mutating func move<Memory: SpaceMemory & ~Copyable>(
    _ address: UInt, _ kept: UInt, to new: UInt, at target: UInt, rest old: UInt, in memory: inout Memory
  ) throws(SpaceError) -> UInt where Memory.Entry == Format.Entry {
    if !regions.isFree(target >> 12, target >> 12 + new) { try unmap(target, new << 12, in: &memory) }
    guard let region = regions.find(address >> 12) else { throw .unmapped }
    var content = region.fields.content
    if content.isShared { sharedStart = min(sharedStart, target) }
    if content.file != 0 { content.filePage &+= UInt64(address >> 12 - region.fields.start) }
    if content.kind != .mapping {
      content.kind = .mapping
      if content.file == 0 { content.filePage = 0 }
    }
    try Self.refusing { () throws(RegionError) in
      try regions.insert(target >> 12, target >> 12 + new, content, in: &memory)
    }
    do {
      try prepareTables(address, kept, target, in: &memory)
      try Self.refusing { () throws(RegionError) in
        try regions.remove(address >> 12, address >> 12 + old, in: &memory)
      }
    } catch {
      removeAdded(target, new, in: &memory)
      throw error
    }
    let (offset, tables) = (target &- address, tables)
    tables.forEachEntry(from: address, through: address + kept << 12 - 1, in: &memory) {
      from, entry, place, memory in
      // The tables are there, so this finds them.
      guard let there = Self.knownPlace(of: from &+ offset, tables, in: &memory) else { return false }
      memory.store(0, place.table, place.index)
      memory.store(entry, there.table, there.index)
      return true
    }
    let end = address + old << 12
    releasePages(address, end, in: &memory)
    releaseTables(address, end, in: &memory)
    flush(address, end, in: &memory)
    if content.isShared, content.file == 0, new > kept {
      try populate(target + kept << 12, new - kept, in: &memory)
    }
    return target
  }

  /// The place of an entry whose table is there.
  static func knownPlace<Memory: SpaceMemory & ~Copyable>(
    of address: UInt, _ tables: PageTable<Format>, in memory: inout Memory
  ) -> EntryPlace? where Memory.Entry == Format.Entry {
    do { return try tables.place(of: address, in: &memory) } catch { return nil }
  }

  /// Makes the tables that pages need after they have moved.
  func prepareTables<Memory: SpaceMemory & ~Copyable>(
    _ address: UInt, _ count: UInt, _ target: UInt, in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    var isDone = true
    var isTopNew = false
    let (offset, tables) = (target &- address, tables)
    tables.forEachEntry(from: address, through: address + count << 12 - 1, in: &memory) {
      from, _, _, memory in
      do throws(PagingError) {
        if try tables.place(of: from &+ offset, in: &memory).isBehindNewTop { isTopNew = true }
      } catch {
        isDone = false
      }
      return isDone
    }
    if isTopNew { memory.flushAll() }
    guard isDone else { throw .outOfMemory }
  }
}
