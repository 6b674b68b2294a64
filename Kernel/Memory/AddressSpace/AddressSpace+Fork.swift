/// A second space with the same contents.

import Base
import Paging
import Regions

extension AddressSpace {
  /// Makes a space that holds what this one holds; private pages are shared until one of the two writes them.
  ///
  /// Throws `outOfMemory`; nothing of the new space is left then.
  @inline(never)
  public mutating func fork<Memory: SpaceMemory & ~Copyable>(
    _ kernel: KernelPart<Format>, in memory: inout Memory
  ) throws(SpaceError) -> AddressSpace where Memory.Entry == Format.Entry {
    var child = try AddressSpace(kernel, layout, in: &memory)
    (child.breakStart, child.breakEnd, child.pageLimit) = (breakStart, breakEnd, pageLimit)
    child.stackPageLimit = stackPageLimit
    child.sharedStart = sharedStart
    // Every entry of ours that allowed to write is read-only from here on, also if there is no child in the end.
    do throws(SpaceError) {
      do { try child.regions.copy(of: regions, in: &memory) } catch { throw SpaceError.outOfMemory }
      var next = regions.first
      while let region = next {
        try copyPages(of: region, to: &child, in: &memory)
        next = region.fields.next
      }
    } catch {
      memory.flushAll()
      child.destroy(kernel, in: &memory)
      throw .outOfMemory
    }
    memory.flushAll()
    return child
  }

  mutating func copyPages<Memory: SpaceMemory & ~Copyable>(
    of region: RegionReference, to child: inout AddressSpace, in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    let isShared = region.fields.content.isShared
    let zero = memory.zeroFrame
    let other = child.tables
    // The table of the page before serves the next pages too.
    var target = EntryPlace?.none
    var tableEnd: UInt = 0
    var isDone = true
    var resident: UInt = 0
    tables.forEachEntry(
      from: region.fields.start << 12, through: region.fields.end << 12 - 1, in: &memory
    ) { address, entry, place, memory in
      var entry = entry
      if !isShared, Format.isWritable(entry) {
        entry = Format.withoutWrite(entry)
        memory.store(entry, place.table, place.index)
      }
      if target == nil || address > tableEnd {
        do throws(PagingError) { target = try other.place(of: address, in: &memory) } catch {
          isDone = false
          return false
        }
        tableEnd = address | (1 << UInt(Format.shift(2)) - 1)
      }
      guard let target else { return false }
      memory.store(entry, target.table, place.index)
      let frame = Format.frame(ofBaseEntry: entry)
      if frame != zero {
        resident += 1
        memory.retain(frame)
      }
      return true
    }
    child.residentCount += resident
    guard isDone else { throw .outOfMemory }
  }
}
