/// The way in: the structure in which the firmware leaves the address of its tables (ACPI 6.5, 5.2.5).

import Base

/// A root pointer, checked.
public struct RootPointer: BitwiseCopyable, Equatable, Sendable {
  /// Where the root table lies.
  public var rootTable: PhysicalAddress
  /// Whether the root table has 64-bit addresses (`XSDT`).
  public var isExtended: Bool

  /// Reads the root pointer at an address that a boot loader gave.
  public init<Memory: PhysicalMemoryReader>(at address: PhysicalAddress, in memory: Memory) throws(ACPIError)
  {
    guard let letters: UInt64 = memory.load(at: address), letters == Self.signature else {
      throw ACPIError(reason: .rootPointerAbsent, address: address)
    }
    try checkSum(of: 20, at: address, in: memory)
    guard let revision = memory.byte(at: Self.place(15, after: address)),
      let table: UInt32 = memory.load(at: Self.place(16, after: address))
    else { throw ACPIError(reason: .unreadable, address: address) }
    (rootTable, isExtended) = (PhysicalAddress(UInt64(table)), false)
    if revision >= 2 {
      guard let length: UInt32 = memory.load(at: Self.place(20, after: address)),
        let extended: UInt64 = memory.load(at: Self.place(24, after: address))
      else { throw ACPIError(reason: .unreadable, address: address) }
      guard length >= 36, length <= 4096 else { throw ACPIError(reason: .badLength, address: address) }
      try checkSum(of: UInt64(length), at: address, in: memory)
      if extended != 0 { (rootTable, isExtended) = (PhysicalAddress(extended), true) }
    }
    guard rootTable.rawValue != 0 else { throw ACPIError(reason: .rootTableAbsent, address: address) }
  }

  /// Looks for the root pointer where a BIOS puts it; see `place(searching:)`.
  ///
  /// - Throws: what is wrong with the first candidate if none is right, or `rootPointerAbsent`.
  public init<Memory: PhysicalMemoryReader>(searching memory: Memory) throws(ACPIError) {
    try self.init(at: Self.place(searching: memory), in: memory)
  }

  /// Where the root pointer lies: in the first KiB of the extended BIOS data area, or from 0xE0000 to 0xFFFFF, at a
  /// multiple of 16.
  ///
  /// - Throws: what is wrong with the first candidate if none is right, or `rootPointerAbsent`.
  public static func place<Memory: PhysicalMemoryReader>(
    searching memory: Memory
  ) throws(ACPIError) -> PhysicalAddress {
    var refusal = ACPIError(reason: .rootPointerAbsent, address: PhysicalAddress(0xE0000))
    // The word at 0x40E is the real-mode segment of the data area, if there is one.
    let area = memory.load(at: PhysicalAddress(0x40E), as: UInt16.self).map { UInt64($0) << 4 } ?? 0
    if area >= 0x80000, area <= 0x9FC00,
      let found = Self.search(area, area + 1024, in: memory, refusal: &refusal)
    {
      return found
    }
    guard let found = Self.search(0xE0000, 0x100000, in: memory, refusal: &refusal) else { throw refusal }
    return found
  }

  /// `RSD PTR ` as a little-endian number.
  private static var signature: UInt64 { 0x2052_5450_2044_5352 }

  private static func place(_ offset: UInt64, after address: PhysicalAddress) -> PhysicalAddress {
    PhysicalAddress(address.rawValue &+ offset)
  }

  private static func search<Memory: PhysicalMemoryReader>(
    _ start: UInt64, _ end: UInt64, in memory: Memory, refusal: inout ACPIError
  ) -> PhysicalAddress? {
    let firstLetter = UInt8(truncatingIfNeeded: signature)
    for place in stride(from: start, to: end, by: 16) {
      let address = PhysicalAddress(place)
      // Nearly all places are passed over by this, and start-up has a budget of instructions.
      guard memory.byte(at: address) == firstLetter else { continue }
      do throws(ACPIError) {
        _ = try Self(at: address, in: memory)
        return address
      } catch {
        if refusal.reason == .rootPointerAbsent, error.reason != .rootPointerAbsent { refusal = error }
      }
    }
    return nil
  }
}
