/// A walk of page tables as the processor does it, by system addresses alone.
///
/// It shares no code with what builds tables, so a mistake there does not hide itself. The kernel walks its own tables
/// with it, and tools walk the tables of all nodes in the machine's memory.

import Base

/// Page tables as the processor finds them.
public struct TableWalk: BitwiseCopyable, Sendable {
  /// The system address of the highest table.
  public var root: UInt64
  /// Whether there are four levels of 512 entries, and not three with 4 entries in the highest.
  public var isWide: Bool

  /// A walk of the tables that a value of `cr3` names.
  public init(root: UInt64, isWide: Bool) {
    self.root = root & (isWide ? 0x000F_FFFF_FFFF_F000 : 0xFFFF_FFE0)
    self.isWide = isWide
  }

  private static var addressMask: UInt64 { 0x000F_FFFF_FFFF_F000 }

  /// Visits every mapping in the order of its addresses.
  ///
  /// - Parameters:
  ///   - load: the entry at a system address, or `nil` if it can't be read.
  ///   - visit: called with each mapping.
  /// - Returns: whether every table could be read.
  public func forEach(load: (UInt64) -> UInt64?, visit: (Mapping) -> Void) -> Bool {
    let access: Access = [.read, .write, .execute]
    return isWide
      ? walk(root, level: 3, count: 512, virtual: 0, access, load, visit)
      : walk(root, level: 2, count: 4, virtual: 0, access, load, visit)
  }

  private func walk(
    _ table: UInt64, level: Int, count: Int, virtual: UInt64, _ access: Access, _ load: (UInt64) -> UInt64?,
    _ visit: (Mapping) -> Void
  ) -> Bool {
    let shift = UInt64(12 + 9 * level)
    for index in 0..<count {
      guard let entry = load(table + UInt64(index) * 8) else { return false }
      guard entry & 1 != 0 else { continue }
      var allowed = access
      // The four entries at the top of three levels have no rights of their own (Intel SDM volume 3, 4.4.1).
      if isWide || level != 2 {
        if entry & 2 == 0 { allowed.remove(.write) }
        if entry >> 63 != 0 { allowed.remove(.execute) }
      }
      let address = virtual + UInt64(index) << shift
      let isLeaf = level == 0 || entry & 0x80 != 0 && (isWide ? level <= 2 : level == 1)
      if isLeaf {
        let size = UInt64(1) << shift
        visit(
          Mapping(
            virtual: VirtualAddress(UInt(truncatingIfNeeded: address)),
            physical: PhysicalAddress(entry & Self.addressMask & ~(size - 1)), byteCount: size,
            access: allowed))
      } else if !walk(
        entry & Self.addressMask, level: level - 1, count: 512, virtual: address, allowed, load, visit)
      {
        return false
      }
    }
    return true
  }
}
