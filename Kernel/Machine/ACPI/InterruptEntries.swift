/// What the table of interrupt controllers (MADT) describes, as values (ACPI 6.5, 5.2.12).

import Base

/// A processor, by the identity of its local APIC.
public struct ProcessorEntry: BitwiseCopyable, Equatable, Sendable {
  /// The identity: 8 bits of a local APIC, 32 of an x2APIC.
  public var id: UInt32 = 0
  /// Whether the processor can be started now; else it may be added later (`online capable`).
  public var isEnabled = false
  /// Whether the firmware describes it as an x2APIC.
  public var isExtended = false
}

/// An I/O APIC.
public struct IOControllerEntry: BitwiseCopyable, Equatable, Sendable {
  /// Its identity.
  public var id: UInt8 = 0
  /// Its registers.
  public var address = PhysicalAddress(0)
  /// The global system interrupt of its first input.
  public var firstInterrupt: UInt32 = 0
}

/// Polarity and trigger mode of an interrupt (MPS INTI flags, table 5.26).
public struct InterruptFlags: BitwiseCopyable, Equatable, Sendable {
  /// The two fields as the table has them.
  public var rawValue: UInt16 = 0

  /// Active low; otherwise high, or as the bus has it, which is high for ISA.
  public var isActiveLow: Bool { rawValue & 3 == 3 }
  /// Level triggered; otherwise by edge, or as the bus has it, which is by edge for ISA.
  public var isLevelTriggered: Bool { rawValue >> 2 & 3 == 3 }

  /// Whether neither field has its reserved value.
  var isValid: Bool { rawValue & 3 != 2 && rawValue >> 2 & 3 != 2 }
}

/// An ISA interrupt that is wired to another global system interrupt than that of its number.
public struct InterruptOverride: BitwiseCopyable, Equatable, Sendable {
  /// The ISA interrupt, 0 to 15.
  public var source: UInt8 = 0
  /// The global system interrupt that it arrives on.
  public var target: UInt32 = 0
  /// How it is signalled.
  public var flags = InterruptFlags()
}

/// A non-maskable interrupt.
public struct NonMaskableEntry: BitwiseCopyable, Equatable, Sendable {
  /// Where a non-maskable interrupt comes in.
  public enum Input: BitwiseCopyable, Equatable, Sendable {
    /// At a global system interrupt of an I/O APIC.
    case global(UInt32)
    /// At a local interrupt input, 0 or 1, of one processor given by its ACPI number, or of all (`nil`).
    case local(UInt8, processor: UInt32?)
  }

  /// Where it comes in.
  public var input: Input = .global(0)
  /// How it is signalled.
  public var flags = InterruptFlags()
}

/// Up to `capacity` values in the order of a table.
public struct EntryList<let capacity: Int, Entry: BitwiseCopyable>: BitwiseCopyable {
  private var entries: InlineArray<capacity, Entry>

  /// The number of values.
  public private(set) var count = 0

  init(filler: Entry) { entries = .init(repeating: filler) }

  /// The value at an index below `count`.
  public subscript(index: Int) -> Entry {
    precondition(index >= 0 && index < count, "a list of entries was read past its end")
    return entries[index]
  }

  /// Appends a value, or answers `false` if there is no room.
  mutating func append(_ entry: Entry) -> Bool {
    guard count < capacity else { return false }
    entries[count] = entry
    count += 1
    return true
  }
}
