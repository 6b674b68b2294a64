/// What can be wrong with the tables of the firmware, and where.

import Base

/// A refusal of a table: the reason, and the physical address at which it was found.
public struct ACPIError: Error, Equatable, BitwiseCopyable, Sendable {
  /// The reasons for refusing tables.
  public enum Reason: Equatable, BitwiseCopyable, Sendable {
    /// No root pointer was found, or none is at the given address.
    case rootPointerAbsent
    /// No memory can be read at an address that a table names.
    case unreadable
    /// The bytes of a table do not add up to zero.
    case badChecksum
    /// A table is shorter than its fields or longer than is sensible.
    case badLength
    /// The root pointer names no root table.
    case rootTableAbsent
    /// A table has another signature than expected.
    case badSignature
    /// The root table names itself.
    case cycle
    /// Two tables at different addresses have a signature that only one may have.
    case ambiguousTable
    /// The table is not in the root table.
    case tableAbsent
    /// An entry is shorter than its fields or reaches past its table.
    case badEntryLength
    /// A local APIC or I/O APIC has an impossible address.
    case badControllerAddress
    /// Two entries describe one processor, I/O APIC or interrupt differently.
    case duplicateEntry
    /// An entry has reserved flags, or a bus or interrupt number out of range.
    case badInterrupt
    /// There are more I/O APICs, overrides or non-maskable interrupts than there is room for.
    case tooManyEntries
    /// No processor is usable.
    case processorAbsent
    /// The reset register has a form that the standard rules out.
    case badResetRegister
  }

  /// Why the tables were refused.
  public var reason: Reason

  /// Where the fault lies.
  public var address: PhysicalAddress

  /// The reason in words.
  public var sentence: StaticString {
    switch reason {
    case .rootPointerAbsent: "there is no ACPI root pointer"
    case .unreadable: "a table lies where no memory can be read"
    case .badChecksum: "the bytes of a table do not add up to zero"
    case .badLength: "a table has an impossible length"
    case .rootTableAbsent: "the root pointer names no root table"
    case .badSignature: "a table has an unexpected signature"
    case .cycle: "the root table names itself"
    case .ambiguousTable: "there are two tables where one is allowed"
    case .tableAbsent: "the table is not in the root table"
    case .badEntryLength: "an entry has an impossible length"
    case .badControllerAddress: "an interrupt controller has an impossible address"
    case .duplicateEntry: "two entries describe the same thing"
    case .badInterrupt: "an entry has an impossible interrupt"
    case .tooManyEntries: "there are more entries than there is room for"
    case .processorAbsent: "no processor is usable"
    case .badResetRegister: "the reset register has an impossible form"
    }
  }
}
