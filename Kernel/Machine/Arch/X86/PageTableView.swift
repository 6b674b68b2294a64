/// A careful look at the page tables in use, for code that must not fault.

import Base
import CMachine

/// The page tables that cr3 names, read without changing anything.
public enum PageTableView {
  /// Whether `address` can be read.
  ///
  /// - Parameter core: the node's own address for what stands in an entry, or `nil` if it has none.
  public static func isMapped(_ address: VirtualAddress, core: (UInt64) -> UInt64?) -> Bool {
    #if arch(i386)
      let root = UInt64(cpu_read_cr3() & 0xFFFF_FFE0)
      return isMapped(address, table: root, shift: 30, levelsBelow: 2, entryMask: 3, core: core)
    #else
      let root = UInt64(cpu_read_cr3() & ~0xFFF)
      return isMapped(address, table: root, shift: 39, levelsBelow: 3, entryMask: 511, core: core)
    #endif
  }

  private static func isMapped(
    _ address: VirtualAddress, table: UInt64, shift: UInt, levelsBelow: Int, entryMask: UInt,
    core: (UInt64) -> UInt64?
  ) -> Bool {
    let index = UInt64(address.rawValue >> shift & entryMask)
    guard let table = core(table),
      let place = DirectMap.virtualAddress(of: PhysicalAddress(table + index * 8))
    else { return false }
    let entry = UInt64(cpu_load32(place.rawValue)) | UInt64(cpu_load32(place.rawValue + 4)) << 32
    guard entry & 1 != 0 else { return false }
    // Bit 7 of an upper entry makes it a large page.
    if levelsBelow == 0 || entry & 0x80 != 0 && shift <= 30 && !(levelsBelow == 2 && entryMask == 3) {
      return true
    }
    return isMapped(
      address, table: entry & 0x000F_FFFF_FFFF_F000, shift: shift - 9, levelsBelow: levelsBelow - 1,
      entryMask: 511, core: core)
  }
}
