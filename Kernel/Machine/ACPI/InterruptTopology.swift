/// The processors and interrupt controllers of the machine, from its MADT (ACPI 6.5, 5.2.12).

import Base

/// Who can be interrupted, and by which wire.
public struct InterruptTopology: BitwiseCopyable {
  /// The registers of every processor's local APIC.
  public private(set) var localControllers: PhysicalAddress
  /// Whether the machine also has the two 8259 controllers, which must then be masked.
  public private(set) var hasLegacyControllers: Bool
  /// The processors that are enabled or can be brought online.
  public private(set) var processors = EntryList<64, ProcessorEntry>(filler: ProcessorEntry())
  /// Usable processors for which there was no room.
  public private(set) var processorsLeftOut = 0
  /// The I/O APICs.
  public private(set) var ioControllers = EntryList<16, IOControllerEntry>(filler: IOControllerEntry())
  /// The ISA interrupts that are wired differently.
  public private(set) var overrides = EntryList<16, InterruptOverride>(filler: InterruptOverride())
  /// The non-maskable interrupts.
  public private(set) var nonMaskable = EntryList<32, NonMaskableEntry>(filler: NonMaskableEntry())

  /// Reads the table of interrupt controllers.
  public init<Memory: PhysicalMemoryReader>(_ tables: FirmwareTables<Memory>) throws(ACPIError) {
    let table = try tables.table(.interruptControllers)
    localControllers = PhysicalAddress(UInt64(try table.field(36, as: UInt32.self)))
    hasLegacyControllers = try table.field(40, as: UInt32.self) & 1 == 1
    var offset: UInt32 = 44
    while offset < table.length {
      guard table.length - offset >= 2 else { throw Self.error(.badEntryLength, table, offset) }
      let length = UInt32(try table.field(offset + 1, as: UInt8.self))
      guard length >= 2, length <= table.length - offset else {
        throw Self.error(.badEntryLength, table, offset)
      }
      try add(try table.field(offset, as: UInt8.self), length, table, offset)
      offset += length
    }
    guard Self.isController(localControllers) else { throw Self.error(.badControllerAddress, table, 36) }
    guard processors.count > 0 else { throw Self.error(.processorAbsent, table, 0) }
  }

  /// The global system interrupt and signalling of an ISA interrupt, overrides applied.
  public func global(forLegacy source: UInt8) -> InterruptOverride {
    for index in 0..<overrides.count where overrides[index].source == source { return overrides[index] }
    return InterruptOverride(source: source, target: UInt32(source))
  }

  private mutating func add<Memory: PhysicalMemoryReader>(
    _ kind: UInt8, _ length: UInt32, _ table: Table<Memory>, _ at: UInt32
  ) throws(ACPIError) {
    guard length >= Self.shortest(kind) else { throw Self.error(.badEntryLength, table, at) }
    switch kind {
    case 0:
      let id = UInt32(try table.field(at + 3, as: UInt8.self))
      try add(id, try table.field(at + 4), isExtended: false, table, at)
    case 9:
      try add(try table.field(at + 4), try table.field(at + 8), isExtended: true, table, at)
    case 1:
      let address = PhysicalAddress(UInt64(try table.field(at + 4, as: UInt32.self)))
      let entry = IOControllerEntry(
        id: try table.field(at + 2), address: address, firstInterrupt: try table.field(at + 8))
      try add(entry, table, at)
    case 2: try addOverride(table, at)
    case 3:
      let input = NonMaskableEntry.Input.global(try table.field(at + 4))
      try add(NonMaskableEntry(input: input, flags: .init(rawValue: try table.field(at + 2))), table, at)
    case 4:
      let processor = UInt32(try table.field(at + 2, as: UInt8.self))
      let input = NonMaskableEntry.Input.local(
        try table.field(at + 5), processor: processor == 0xFF ? nil : processor)
      try add(NonMaskableEntry(input: input, flags: .init(rawValue: try table.field(at + 3))), table, at)
    case 10:
      let processor: UInt32 = try table.field(at + 4)
      let input = NonMaskableEntry.Input.local(
        try table.field(at + 8), processor: processor == .max ? nil : processor)
      try add(NonMaskableEntry(input: input, flags: .init(rawValue: try table.field(at + 2))), table, at)
    case 5: localControllers = PhysicalAddress(try table.field(at + 4))
    default: break  // Other controllers, and kinds of the future.
    }
  }

  private mutating func add<Memory: PhysicalMemoryReader>(
    _ id: UInt32, _ flags: UInt32, isExtended: Bool, _ table: Table<Memory>, _ at: UInt32
  ) throws(ACPIError) {
    // Bit 0: enabled; bit 1: online capable. Firmware fills the table up with entries that have neither.
    guard flags & 3 != 0 else { return }
    for index in 0..<processors.count where processors[index].id == id {
      throw Self.error(.duplicateEntry, table, at)
    }
    let entry = ProcessorEntry(id: id, isEnabled: flags & 1 == 1, isExtended: isExtended)
    if !processors.append(entry) { processorsLeftOut += 1 }
  }

  private mutating func add<Memory: PhysicalMemoryReader>(
    _ entry: IOControllerEntry, _ table: Table<Memory>, _ at: UInt32
  ) throws(ACPIError) {
    guard Self.isController(entry.address) else { throw Self.error(.badControllerAddress, table, at) }
    for index in 0..<ioControllers.count {
      let other = ioControllers[index]
      guard other.id != entry.id, other.address != entry.address,
        other.firstInterrupt != entry.firstInterrupt
      else { throw Self.error(.duplicateEntry, table, at) }
    }
    guard ioControllers.append(entry) else { throw Self.error(.tooManyEntries, table, at) }
  }

  private mutating func addOverride<Memory: PhysicalMemoryReader>(
    _ table: Table<Memory>, _ at: UInt32
  ) throws(ACPIError) {
    let bus: UInt8 = try table.field(at + 2)
    let entry = InterruptOverride(
      source: try table.field(at + 3), target: try table.field(at + 4),
      flags: .init(rawValue: try table.field(at + 8)))
    guard bus == 0, entry.source < 16, entry.flags.isValid else { throw Self.error(.badInterrupt, table, at) }
    for index in 0..<overrides.count where overrides[index].source == entry.source {
      throw Self.error(.duplicateEntry, table, at)
    }
    guard overrides.append(entry) else { throw Self.error(.tooManyEntries, table, at) }
  }

  private mutating func add<Memory: PhysicalMemoryReader>(
    _ entry: NonMaskableEntry, _ table: Table<Memory>, _ at: UInt32
  ) throws(ACPIError) {
    guard entry.flags.isValid else { throw Self.error(.badInterrupt, table, at) }
    if case .local(let pin, _) = entry.input, pin > 1 { throw Self.error(.badInterrupt, table, at) }
    guard nonMaskable.append(entry) else { throw Self.error(.tooManyEntries, table, at) }
  }

  private static func shortest(_ kind: UInt8) -> UInt32 {
    switch kind {
    case 0, 3: 8
    case 1, 5, 10: 12
    case 2: 10
    case 4: 6
    case 9: 16
    default: 2
    }
  }

  private static func isController(_ address: PhysicalAddress) -> Bool {
    address.rawValue != 0 && address.rawValue & 0xF == 0 && address.rawValue >> 52 == 0
  }

  private static func error<Memory: PhysicalMemoryReader>(
    _ reason: ACPIError.Reason, _ table: Table<Memory>, _ offset: UInt32
  ) -> ACPIError {
    ACPIError(reason: reason, address: table.place(offset))
  }
}
