/// The fixed description of the machine (FADT), as far as the kernel uses it (ACPI 6.5, 5.2.9).

import Base

/// How to reset the machine, and which legacy devices it has.
public struct FixedDescription: BitwiseCopyable, Equatable, Sendable {
  /// A register whose writing resets the machine.
  public struct ResetRegister: BitwiseCopyable, Equatable, Sendable {
    /// Where a register can be.
    public enum Space: UInt8, BitwiseCopyable, Sendable {
      /// Physical memory.
      case memory = 0
      /// I/O ports.
      case port = 1
      /// The configuration space of a PCI device on bus 0.
      case configuration = 2
    }

    /// Where it is.
    public var space: Space
    /// Its address in that space.
    public var address: UInt64
    /// The byte to write.
    public var value: UInt8
  }

  /// The register that resets the machine, if it has one.
  public private(set) var reset: ResetRegister?
  /// The x86 boot architecture flags, or `nil` in tables of ACPI 1.0, which have none.
  ///
  /// Bit 0: legacy devices; bit 1: 8042 keyboard controller; bit 2: no VGA; bit 3: no MSI; bit 5: no CMOS clock.
  public private(set) var bootFlags: UInt16?
  /// The port of the 3.579545 MHz power-management timer, if there is one.
  public private(set) var timerPort: UInt16?
  /// Whether that timer has 32 bits rather than 24.
  public private(set) var isTimerWide: Bool

  /// Reads the fixed description.
  public init<Memory: PhysicalMemoryReader>(_ tables: FirmwareTables<Memory>) throws(ACPIError) {
    let table = try tables.table(.fixedDescription)
    let revision: UInt8 = try table.field(8)
    let flags: UInt32 = try table.field(112)
    let timer: UInt32 = try table.field(76)
    timerPort = try table.field(91, as: UInt8.self) == 4 && timer != 0 ? UInt16(exactly: timer) : nil
    isTimerWide = flags >> 8 & 1 == 1
    bootFlags = revision >= 2 ? try table.field(109) : nil
    // Bit 10 of the flags says that there is a reset register; ACPI 1.0 has no room for one.
    guard revision >= 2, flags >> 10 & 1 == 1 else { return }
    let address: UInt64 = try table.field(120)
    guard let space = ResetRegister.Space(rawValue: try table.field(116)),
      try table.field(117, as: UInt8.self) == 8, try table.field(118, as: UInt8.self) == 0, address != 0,
      space != .port || address <= 0xFFFF
    else { throw ACPIError(reason: .badResetRegister, address: table.place(116)) }
    reset = ResetRegister(space: space, address: address, value: try table.field(128))
  }
}
