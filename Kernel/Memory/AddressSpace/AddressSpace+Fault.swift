/// What a touch of a page leads to: the hot path.

import Base
import Paging
import Regions

extension AddressSpace {
  /// Decides about a touch that the page tables did not allow, and makes them allow it if the map does.
  ///
  /// - Parameters:
  ///   - address: what was touched.
  ///   - access: how, one of read, write and execute.
  ///   - memory: the machine.
  ///   - files: where pages of files come from.
  public mutating func fault<Memory: SpaceMemory & ~Copyable, Files: PageSource & ~Copyable>(
    at address: UInt, _ access: Access, in memory: inout Memory, from files: inout Files
  ) -> FaultOutcome where Memory.Entry == Format.Entry {
    let page = address >> UInt(pageShift)
    guard let region = regions.find(page) ?? growStack(to: page) else { return .notMapped }
    guard region.fields.content.access.contains(access) else { return .notAllowed }
    let place: EntryPlace
    do { place = try tables.place(of: address, in: &memory) } catch { return .outOfMemory }
    if Format.hasBareTop, place.isBehindNewTop { memory.flushAll() }
    let entry = memory.load(place.table, place.index)
    faultCount &+= 1
    if entry != 0 { return touch(entry, region, access, place, address, in: &memory, from: &files) }
    if region.fields.content.file != 0 {
      return fillFromFile(region, access, page, place, in: &memory, from: &files)
    }
    var attributes = PageAttributes(region.fields.content.access, isUser: true)
    guard access == .write || region.fields.content.isShared else {
      attributes.access.remove(.write)
      memory.store(tables.format.baseEntry(memory.zeroFrame, attributes), place.table, place.index)
      return .resolved
    }
    guard let frame = memory.takeClearedFrame() else { return .outOfMemory }
    // The processor would set these at once, in a step of its own.
    attributes.isAccessed = true
    attributes.isDirty = true
    memory.store(tables.format.baseEntry(frame, attributes), place.table, place.index)
    residentCount &+= 1
    return .resolved
  }

  /// The stack that may grow down to a page, grown.
  @inline(never)
  mutating func growStack(to page: UInt) -> RegionReference? {
    guard let region = regions.firstEnding(after: page), region.fields.content.kind == .stack,
      regions.pageCount + (region.fields.start - page) <= pageLimit,
      region.fields.end - page <= stackPageLimit, regions.grow(region, downTo: page)
    else { return nil }
    return region
  }

  /// A touch of a page that is there: it must be copied, or somebody else has seen to it meanwhile.
  @inline(never)
  mutating func touch<Memory: SpaceMemory & ~Copyable, Files: PageSource & ~Copyable>(
    _ entry: Format.Entry, _ region: RegionReference, _ access: Access, _ place: EntryPlace, _ address: UInt,
    in memory: inout Memory, from files: inout Files
  ) -> FaultOutcome where Memory.Entry == Format.Entry {
    defer { memory.flush(address) }
    guard access == .write, !Format.isWritable(entry) else { return .resolved }
    if region.fields.content.isLive {
      let outcome = fillLive(region, access, address >> UInt(pageShift), place, in: &memory, from: &files)
      // The new reference is the entry's; it had one before, of the same frame.
      let frame = Format.frame(ofBaseEntry: entry)
      if outcome == .resolved, frame != memory.zeroFrame {
        memory.release(frame)
        residentCount &-= 1
      }
      return outcome
    }
    var attributes = PageAttributes(region.fields.content.access, isUser: true)
    attributes.isAccessed = true
    attributes.isDirty = true
    var frame = Format.frame(ofBaseEntry: entry)
    let zero = memory.zeroFrame
    if frame == zero {
      guard let new = memory.takeClearedFrame() else { return .outOfMemory }
      frame = new
      residentCount &+= 1
    } else if memory.isShared(frame), !region.fields.content.isShared {
      guard let new = memory.takeFrame() else { return .outOfMemory }
      memory.copy(frame, to: new)
      memory.release(frame)
      frame = new
    }
    memory.store(tables.format.baseEntry(frame, attributes), place.table, place.index)
    return .resolved
  }

  /// The first touch of a page of a file.
  @inline(never)
  mutating func fillFromFile<Memory: SpaceMemory & ~Copyable, Files: PageSource & ~Copyable>(
    _ region: RegionReference, _ access: Access, _ page: UInt, _ place: EntryPlace, in memory: inout Memory,
    from files: inout Files
  ) -> FaultOutcome where Memory.Entry == Format.Entry {
    let content = region.fields.content
    if content.isLive { return fillLive(region, access, page, place, in: &memory, from: &files) }
    let filePage = content.filePage &+ UInt64(page - region.fields.start)
    let (offset, overflow) = filePage.multipliedReportingOverflow(by: UInt64(pageSize))
    guard !overflow, offset < content.fileEnd else { return .beyondFile }
    let byteCount = Int(min(content.fileEnd - offset, UInt64(pageSize)))
    var attributes = PageAttributes(content.access, isUser: true)
    guard let frame = memory.takeFrame() else { return .outOfMemory }
    let fill = files.fill(frame, file: content.file, page: filePage, byteCount: byteCount)
    guard fill == .filled else {
      memory.release(frame)
      return fill == .outOfFrames ? .outOfMemory : .beyondFile
    }
    if access != .write { attributes.access.remove(.write) }
    memory.store(tables.format.baseEntry(frame, attributes), place.table, place.index)
    residentCount &+= 1
    return .resolved
  }

  /// A touch of a page that is the file's own: everybody has the same frame.
  ///
  /// The entry allows writing only from the first write on, so that the file's time is that of a write.
  private mutating func fillLive<Memory: SpaceMemory & ~Copyable, Files: PageSource & ~Copyable>(
    _ region: RegionReference, _ access: Access, _ page: UInt, _ place: EntryPlace, in memory: inout Memory,
    from files: inout Files
  ) -> FaultOutcome where Memory.Entry == Format.Entry {
    let content = region.fields.content
    let (filePage, overflow) = content.filePage.addingReportingOverflow(UInt64(page - region.fields.start))
    guard !overflow,
      let frame = files.liveFrame(file: content.file, page: filePage, isWritten: access == .write)
    else { return .beyondFile }
    var attributes = PageAttributes(content.access, isUser: true)
    if access == .write {
      attributes.isAccessed = true
      attributes.isDirty = true
    } else {
      attributes.access.remove(.write)
    }
    memory.store(tables.format.baseEntry(frame, attributes), place.table, place.index)
    if frame != memory.zeroFrame { residentCount &+= 1 }
    return .resolved
  }

  /// Gives all pages of a range a frame of their own now.
  ///
  /// Throws `outOfMemory`, with some of them done.
  mutating func populate<Memory: SpaceMemory & ~Copyable>(
    _ start: UInt, _ count: UInt, in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    guard count <= memory.frameLimit else { throw .outOfMemory }
    for index in 0..<count {
      let address = start + index << 12
      guard let region = regions.find(address >> 12) else { throw .unmapped }
      let place: EntryPlace
      do { place = try tables.place(of: address, in: &memory) } catch { throw .outOfMemory }
      if Format.hasBareTop, place.isBehindNewTop { memory.flushAll() }
      guard memory.load(place.table, place.index) == 0 else { continue }
      guard let frame = memory.takeClearedFrame() else { throw .outOfMemory }
      let access = region.fields.content.access
      let entry = tables.format.baseEntry(frame, PageAttributes(.readOnly, isUser: true))
      memory.store(tables.format.baseEntry(entry, with: access), place.table, place.index)
      residentCount += 1
    }
  }

  /// The frame behind an address after it was made ready to be touched, for the kernel to read or write there
  /// through its own view of memory; `nil` if the program could not touch it so.
  @inline(never)
  public mutating func frame<Memory: SpaceMemory & ~Copyable, Files: PageSource & ~Copyable>(
    at address: UInt, for access: Access, in memory: inout Memory, from files: inout Files
  ) -> FrameNumber? where Memory.Entry == Format.Entry {
    guard layout.allows(address & ~UInt(pageSize - 1), address | UInt(pageSize - 1)) else { return nil }
    if let entry = usableEntry(at: address, for: access, in: &memory) {
      return Format.frame(ofBaseEntry: entry)
    }
    guard fault(at: address, access, in: &memory, from: &files) == .resolved,
      let entry = usableEntry(at: address, for: access, in: &memory)
    else { return nil }
    return Format.frame(ofBaseEntry: entry)
  }

  /// The frame at an address in memory that spaces share; `nil` for any other address.
  ///
  /// Memory without a file has its frames from the beginning, and they don't change; a page of a file has the same
  /// frame as long as it is a page of it.
  @inline(never)
  public mutating func sharedFrame<Memory: SpaceMemory & ~Copyable, Files: PageSource & ~Copyable>(
    at address: UInt, in memory: inout Memory, from files: inout Files
  ) -> FrameNumber? where Memory.Entry == Format.Entry {
    guard let region = regions.find(address >> 12), region.fields.content.isShared else { return nil }
    return frame(at: address, for: .read, in: &memory, from: &files)
  }

  /// Whether an address is known to be this space's alone, without a search: `sharedFrame` would answer `nil`.
  ///
  /// Variables of a program lie below its mappings.
  @inline(__always)
  public mutating func isPrivate(_ address: UInt) -> Bool { address < sharedStart }

  func usableEntry<Memory: SpaceMemory & ~Copyable>(
    at address: UInt, for access: Access, in memory: inout Memory
  ) -> Format.Entry? where Memory.Entry == Format.Entry {
    let page = address & ~UInt(pageSize - 1)
    var found: Format.Entry = 0
    tables.forEachEntry(from: page, through: page + UInt(pageSize - 1), in: &memory) { _, entry, _, _ in
      found = entry
      return false
    }
    guard Format.isUsable(found), !access.contains(.write) || Format.isWritable(found) else { return nil }
    return found
  }
}
