/// Making and removing mappings.

import Base
import Paging
import Regions

extension AddressSpace {
  /// Maps pages.
  ///
  /// Nothing has changed if it throws, but for what `fixed` has removed.
  ///
  /// - Returns: the first address.
  @inline(never)
  public mutating func map<Memory: SpaceMemory & ~Copyable>(
    _ request: MapRequest, in memory: inout Memory
  ) throws(SpaceError) -> UInt where Memory.Entry == Format.Entry {
    guard request.byteCount > 0 else { throw .invalid }
    guard !request.content.access.isWritableText else { throw .writableText }
    let count = Self.pages(request.byteCount)
    guard count > 0, count <= pageLimit, regions.pageCount <= pageLimit - count else { throw .outOfMemory }
    var content = request.content
    content.access = content.access.granted
    if content.access.contains(.write), !request.isUnreserved, count > memory.frameLimit {
      throw .outOfMemory
    }
    let start: UInt
    switch request.placement {
    case .anywhere: start = try room(count, near: request.address)
    case .fixed, .fixedIfFree:
      guard request.address & UInt(pageSize - 1) == 0 else { throw .invalid }
      guard allows(request.address, count) else { throw .outOfMemory }
      start = request.address
      if !regions.isFree(start >> 12, start >> 12 + count) {
        guard request.placement == .fixed else { throw .occupied }
        try unmap(start, count << 12, in: &memory)
      }
    }
    try Self.refusing { () throws(RegionError) in
      try regions.insert(start >> 12, start >> 12 + count, content, in: &memory)
    }
    if content.isShared { sharedStart = min(sharedStart, start) }
    if content.isShared, content.file == 0 {
      do { try populate(start, count, in: &memory) } catch {
        removeAdded(start, count, in: &memory)
        throw error
      }
    }
    return start
  }

  /// Removes whatever is mapped in a range.
  @inline(never)
  public mutating func unmap<Memory: SpaceMemory & ~Copyable>(
    _ address: UInt, _ byteCount: UInt, in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    let count = Self.pages(byteCount)
    guard address & UInt(pageSize - 1) == 0, count > 0, allows(address, count) else { throw .invalid }
    try Self.refusing { () throws(RegionError) in
      try regions.remove(address >> 12, address >> 12 + count, in: &memory)
    }
    let end = address + count << 12
    releasePages(address, end, in: &memory)
    releaseTables(address, end, in: &memory)
    flush(address, end, in: &memory)
  }

  /// Gives the pages of a range another access.
  @inline(never)
  public mutating func protect<Memory: SpaceMemory & ~Copyable>(
    _ address: UInt, _ byteCount: UInt, _ access: Access, in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    guard address & UInt(pageSize - 1) == 0 else { throw .invalid }
    guard !access.isWritableText else { throw .writableText }
    guard byteCount > 0 else { return }
    let count = Self.pages(byteCount)
    guard count > 0, allows(address, count) else { throw .unmapped }
    let (first, end) = (address >> 12, address >> 12 + count)
    if access.contains(.write), hasPagesForReading(first, end) { throw .notWritable }
    try Self.refusing { () throws(RegionError) in
      try regions.protect(first, end, access.granted, in: &memory)
    }
    var next = regions.firstEnding(after: first)
    while let region = next, region.fields.start < end {
      // To write a page that may be shared it must be copied first: a fault finds out.
      var allowed = access.granted
      if !region.fields.content.isShared || region.fields.content.isLive { allowed.remove(.write) }
      let isWritable = access.contains(.write)
      let (low, high) = (max(region.fields.start, first), min(region.fields.end, end))
      let format = tables.format
      tables.forEachEntry(from: low << 12, through: high << 12 - 1, in: &memory) { _, entry, place, memory in
        // Who could write already may go on.
        var access = allowed
        if isWritable, Format.isUsable(entry), Format.isWritable(entry) { access.insert(.write) }
        let changed = format.baseEntry(entry, with: access)
        if changed != entry { memory.store(changed, place.table, place.index) }
        return true
      }
      next = region.fields.next
    }
    flush(address, address + count << 12, in: &memory)
  }

  /// Forgets what is in the private pages of a range: the next touch finds zeros or the file again.
  @inline(never)
  public mutating func discard<Memory: SpaceMemory & ~Copyable>(
    _ address: UInt, _ byteCount: UInt, in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    try release(address, byteCount, in: &memory) { !$0.isShared && $0.kind != .kernelPage }
  }

  /// Lets the next touch of each page in a range fault, where the region's content is one of those.
  ///
  /// Throws `invalid` for an address within a page, `unmapped` if not all of the range is mapped.
  @inline(__always)
  mutating func release<Memory: SpaceMemory & ~Copyable>(
    _ address: UInt, _ byteCount: UInt, in memory: inout Memory, where isOne: (RegionContent) -> Bool
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    let count = Self.pages(byteCount)
    guard address & UInt(pageSize - 1) == 0 else { throw .invalid }
    guard byteCount > 0 else { return }
    let (first, end) = (address >> 12, address >> 12 + count)
    guard count > 0, allows(address, count), regions.covers(first, end) else { throw .unmapped }
    var next = regions.firstEnding(after: first)
    while let region = next, region.fields.start < end {
      next = region.fields.next
      guard isOne(region.fields.content) else { continue }
      releasePages(max(region.fields.start, first) << 12, min(region.fields.end, end) << 12, in: &memory)
    }
    flush(address, address + count << 12, in: &memory)
  }

  // MARK: - What every program has

  /// Maps the first stack: 132 KiB that can grow to `UserLayout.stackLimit`.
  public mutating func mapStack<Memory: SpaceMemory & ~Copyable>(
    in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    let size: UInt = 132 << 10
    let floor = (layout.stackTop - UserLayout.stackLimit) >> 12
    _ = try map(
      MapRequest(
        size, at: layout.stackTop - size, .fixedIfFree, RegionContent(stack: .readWrite, floor: floor)),
      in: &memory)
  }

  /// Maps a frame of the kernel for the program to read and execute, with a reference of its own.
  ///
  /// - Returns: its address.
  public mutating func mapKernelPage<Memory: SpaceMemory & ~Copyable>(
    _ frame: FrameNumber, in memory: inout Memory
  ) throws(SpaceError) -> UInt where Memory.Entry == Format.Entry {
    let address = try map(
      MapRequest(UInt(pageSize), RegionContent(.readExecute, kind: .kernelPage)), in: &memory)
    do {
      let place = try tables.place(of: address, in: &memory)
      if place.isBehindNewTop { memory.flushAll() }
      let entry = tables.format.baseEntry(frame, PageAttributes(.readExecute, isUser: true))
      memory.store(entry, place.table, place.index)
    } catch {
      removeAdded(address, 1, in: &memory)
      throw .outOfMemory
    }
    memory.retain(frame)
    residentCount += 1
    return address
  }

  /// Says where the heap of `brk` begins, which is empty then.
  public mutating func startBreak(at address: UInt) { (breakStart, breakEnd) = (address, address) }

  /// Moves the end of the heap; returns where it is then, which is where it was if it can't be moved.
  @inline(never)
  public mutating func setBreak<Memory: SpaceMemory & ~Copyable>(
    _ address: UInt, in memory: inout Memory
  ) -> UInt where Memory.Entry == Format.Entry {
    guard address >= breakStart, breakStart > 0, address <= layout.limit else { return breakEnd }
    let (old, new) = (Self.pages(breakEnd), Self.pages(address))
    do {
      if new > old {
        _ = try map(
          MapRequest(
            (new - old) << 12, at: old << 12, .fixedIfFree, RegionContent(.readWrite, kind: .heap)),
          in: &memory)
      } else if new < old {
        try unmap(new << 12, (old - new) << 12, in: &memory)
      }
      breakEnd = address
    } catch {}
    return breakEnd
  }

  // MARK: - Parts

  /// The pages that bytes need; 0 if they are more than there are addresses.
  static func pages(_ byteCount: UInt) -> UInt {
    let (sum, overflow) = byteCount.addingReportingOverflow(UInt(pageSize - 1))
    return overflow ? 0 : sum >> UInt(pageShift)
  }

  /// Whether pages from `address` on can belong to the program.
  func allows(_ address: UInt, _ count: UInt) -> Bool {
    guard count <= layout.limit >> 12 else { return false }
    let (end, overflow) = address.addingReportingOverflow(count << 12)
    return !overflow && layout.allows(address, end)
  }

  /// An address for pages that may be anywhere.
  mutating func room(_ count: UInt, near hint: UInt) throws(SpaceError) -> UInt {
    let hint = hint & ~UInt(pageSize - 1)
    if hint != 0, allows(hint, count), regions.isFree(hint >> 12, hint >> 12 + count) { return hint }
    let lowest = max(layout.lowest, layout.kernelEnd)
    if let page = regions.highestGap(count, from: lowest >> 12, to: layout.mappingTop >> 12) {
      return page << 12
    }
    if layout.kernelStart > 0,
      let page = regions.highestGap(count, from: layout.lowest >> 12, to: layout.kernelStart >> 12)
    {
      return page << 12
    }
    throw .outOfMemory
  }

  /// Undoes the addition of pages to the map; the records for it are there.
  mutating func removeAdded<Memory: SpaceMemory & ~Copyable>(
    _ start: UInt, _ count: UInt, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    // It is the beginning or the end of a region, or a whole one, so that no region becomes two.
    do { try regions.remove(start >> 12, start >> 12 + count, in: &memory) } catch { return }
    releasePages(start, start + count << 12, in: &memory)
    releaseTables(start, start + count << 12, in: &memory)
    flush(start, start + count << 12, in: &memory)
  }

  /// Runs a change of the map, whose errors become those of the space.
  static func refusing(_ body: () throws(RegionError) -> Void) throws(SpaceError) {
    do { try body() } catch {
      switch error {
      case .outOfRecords: throw .outOfMemory
      case .occupied: throw .occupied
      case .unmapped: throw .unmapped
      }
    }
  }
}
