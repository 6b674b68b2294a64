/// Asking where addresses lead.

import Base

extension PageTable {
  /// Where an address leads, with the attributes in effect; `nil` if it is not mapped or not canonical.
  ///
  /// - Parameters:
  ///   - address: any address, aligned or not.
  ///   - memory: the tables.
  @inlinable
  public func translate<Memory: TableMemory & ~Copyable>(
    _ address: VirtualAddress, in memory: borrowing Memory
  ) -> Translation? where Memory.Entry == Format.Entry {
    guard Format.isCanonical(address.rawValue) else { return nil }
    let slot = slot(address.rawValue, in: memory)
    guard format.isPresent(slot.entry) else { return nil }
    let mapping = slot.mapping(of: address.rawValue, format, entry: slot.entry)
    let offset = UInt64(address.rawValue & Format.offsetMask(slot.level))
    return Translation(
      address: PhysicalAddress(PhysicalAddress(startOf: mapping.frame).rawValue + offset), mapping: mapping)
  }
}
