/// Pages that are a file's own: what the file's changes ask of the spaces that have them.

import Base
import Paging
import Regions

extension AddressSpace {
  /// Takes the pages of a file from `page` on out of the tables where it is shared; the next touch asks the file again.
  ///
  /// To be called before the file's blocks become another's.
  @inline(never)
  public mutating func forget<Memory: SpaceMemory & ~Copyable>(
    file: UInt64, from page: UInt64, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    var next = regions.first
    while let region = next {
      next = region.fields.next
      let (content, start, end) = (region.fields.content, region.fields.start, region.fields.end)
      guard content.isLive, content.file == file else { continue }
      let skipped = page > content.filePage ? page - content.filePage : 0
      guard skipped < UInt64(end - start) else { continue }
      let first = start + UInt(skipped)
      releasePages(first << 12, end << 12, in: &memory)
      flush(first << 12, end << 12, in: &memory)
    }
  }

  /// Lets the next write of each shared page of a file in a range fault, as `msync` does: so the file's time is not
  /// older than what was written after the call.
  ///
  /// Throws `unmapped` if not all of the range is mapped.
  @inline(never)
  public mutating func synchronize<Memory: SpaceMemory & ~Copyable>(
    _ address: UInt, _ byteCount: UInt, in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    try release(address, byteCount, in: &memory) { $0.isLive }
  }

  /// Whether a range has a page that can never become writable.
  func hasPagesForReading(_ first: UInt, _ end: UInt) -> Bool {
    var next = regions.firstEnding(after: first)
    while let region = next, region.fields.start < end {
      if region.fields.content.isForReading { return true }
      next = region.fields.next
    }
    return false
  }
}
