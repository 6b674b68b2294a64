/// Shadows by their roots: finding, replacing and emptying them.

import Base
import GuestInterface
import Paging

extension ShadowPaging {
  mutating func index(of guestRoot: UInt32) -> Int? {
    for index in 0..<Self.rootCount where roots[index]?.guest == guestRoot { return index }
    return nil
  }

  /// A place for another root: an empty one with a new shadow, or that of the root that was not used for longest.
  mutating func takePlace<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory) -> Int?
  where Memory.Entry == Format.Entry {
    var oldest = 0
    for index in 0..<Self.rootCount {
      guard let root = roots[index] else {
        guard let table = try? Self.makeRoot(sharing: common, in: &memory) else { break }
        roots[index] = Root(guest: nil, table: table, lastUse: 0)
        return index
      }
      if let other = roots[oldest], root.lastUse < other.lastUse { oldest = index }
    }
    guard let root = roots[oldest] else { return nil }
    if root.guest != nil { statistics.evictions += 1 }
    forgetUsed(of: oldest, below: Self.sharedAddress, in: &memory)
    return oldest
  }

  /// Forgets what a root shows of its own below an address, wherever it may show something.
  mutating func forgetUsed<Memory: ShadowMemory & ~Copyable>(
    of index: Int, below limit: UInt32, in memory: inout Memory
  )
  where Memory.Entry == Format.Entry {
    guard let root = roots[index] else { return }
    var left = root.used
    while left != 0 {
      let bit = UInt32(left.trailingZeroBitCount)
      left &= left - 1
      let first = bit << Self.usedShift
      guard first < limit else { return }
      let last = first | (1 << Self.usedShift - 1)
      forget(root.table, from: first, through: min(last, limit - 1), in: &memory)
      if last < limit { roots[index]?.used &= ~(1 << UInt64(bit)) }
    }
  }

  static var usedShift: UInt32 { 26 }

  /// Remembers that a root may have tables around an address.
  @inline(__always)
  mutating func noteUse(of address: UInt32, in index: Int) {
    if address < Self.sharedAddress { roots[index]?.used |= 1 << UInt64(address >> Self.usedShift) }
  }

  mutating func forget<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, from first: UInt32, through last: UInt32, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    // Whole tables go without a look at their entries. Where a root has tables of pages for its own, all shadows name
    // those of what is shared: they stay.
    let covered: UInt32 = 0x1F_FFFF
    if Format.levelCount > 2, first & covered == 0, last & covered == covered {
      let pageCount = Int((last - first) >> UInt32(pageShift)) + 1
      // Aligned and within the address space: nothing can be refused.
      _ = try? table.dropTables(VirtualAddress(UInt(first)), pageCount: pageCount, in: &memory)
      return
    }
    let page = VirtualAddress(UInt(first & ~0xFFF))
    let pageCount = Int(last >> UInt32(pageShift)) - Int(first >> UInt32(pageShift)) + 1
    // The same, and base pages need no split.
    _ = try? table.unmap(page, pageCount: pageCount, in: &memory) { _, _ in }
    // Tables of what is shared stay: every shadow names them.
    if first < Self.sharedAddress {
      _ = try? table.reclaimTables(page, pageCount: pageCount, keepsTopTables: true, in: &memory) { _ in }
    }
  }

  mutating func drop<Memory: ShadowMemory & ~Copyable>(
    _ address: UInt32, from table: PageTable<Format>, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    _ = try? table.unmap(VirtualAddress(UInt(address & ~0xFFF)), in: &memory)
  }

  static func reclaim<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, _ page: VirtualAddress, _ pageCount: Int, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    _ = try? table.reclaimTables(page, pageCount: pageCount, keepsTopTables: false, in: &memory) { _ in }
  }

  /// Gives back the root that holds what all shadows share.
  static func releaseCommon<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    _ = try? table.dropTables(sharedPage, pageCount: sharedPageCount, in: &memory)
    _ = try? table.unmap(sharedPage, pageCount: sharedPageCount, in: &memory) { _, _ in }
    reclaim(table, sharedPage, sharedPageCount, in: &memory)
    table.freeRoot(in: &memory)
  }

  /// Gives back a root with what is its own.
  static func release<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    let ownPageCount = Int(sharedAddress >> UInt32(pageShift))
    _ = try? table.dropTables(VirtualAddress(0), pageCount: ownPageCount, in: &memory)
    _ = try? table.unmap(VirtualAddress(0), pageCount: ownPageCount, in: &memory) { _, _ in }
    reclaim(table, VirtualAddress(0), ownPageCount, in: &memory)
    table.freeRoot(in: &memory)
  }
}
