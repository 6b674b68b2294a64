import Base
import Testing

@testable import ACPI

@Test(arguments: [true, false]) func aWholeMachineIsRead(isExtended: Bool) throws {
  let topology = try Firmware.machine(isExtended: isExtended).topology()
  #expect(topology.localControllers == PhysicalAddress(0xFEE0_0000) && topology.hasLegacyControllers)
  #expect((0..<topology.processors.count).map { topology.processors[$0].id } == [0, 1, 3, 0x100])
  #expect(
    (0..<topology.processors.count).map { topology.processors[$0].isEnabled } == [true, true, false, true])
  #expect(topology.processors[3].isExtended && topology.processorsLeftOut == 0)
  #expect(topology.ioControllers.count == 1)
  #expect(topology.ioControllers[0].address == PhysicalAddress(0xFEC0_0000))
  #expect(topology.global(forLegacy: 0).target == 2 && topology.global(forLegacy: 1).target == 1)
  let power = topology.global(forLegacy: 9)
  #expect(power.flags.isActiveLow && power.flags.isLevelTriggered)
  #expect(topology.nonMaskable.count == 2)
  #expect(topology.nonMaskable[0].input == .local(1, processor: nil))
  #expect(topology.nonMaskable[1].input == .global(23))
}

@Test func theFixedDescriptionIsRead() throws {
  let description = try Firmware.machine().description()
  #expect(description.reset == .init(space: .port, address: 0xCF9, value: 0x0F))
  #expect(description.bootFlags == 3 && description.timerPort == 0x608 && description.isTimerWide)
}

@Test func anOldFixedDescriptionHasNoResetRegister() throws {
  let firmware = Firmware.machine {
    $0.addTable("FACP", at: 0x11_8000, revision: 1, Array(Firmware.fadt.prefix(116 - 36)))
  }
  let description = try firmware.description()
  #expect(description.reset == nil && description.bootFlags == nil)
}

@Test func theDataAreaOfTheBIOSIsSearchedFirst() throws {
  var firmware = Firmware()
  firmware.put(0x9FC0, size: 2, at: 0x40E)
  firmware.rootPointer = 0x9FC10
  firmware.addTable("APIC", at: 0x11_0000, Firmware.madt(Firmware.entries))
  firmware.addRoot([0x11_0000, 0])
  let processors = try firmware.topology().processors.count
  #expect(processors == 4)
}

@Test func aBadRootPointerIsPassedOver() throws {
  let firmware = Firmware.machine {
    $0.put("RSD PTR ", at: 0xE0010); $0.bytes[0xE0020] = 1
  }
  let processors = try firmware.topology().processors.count
  #expect(processors == 4)
}

@Test func processorsPastTheLastAreCounted() throws {
  let entries = (0..<70).map { [0, 8, UInt8($0), UInt8($0), 1, 0, 0, 0] as [UInt8] }
  let topology = try Firmware.machine(entries).topology()
  #expect(topology.processors.count == 64 && topology.processorsLeftOut == 6)
}

private func with(_ entry: [UInt8]) -> Firmware { Firmware.machine(Firmware.entries + [entry]) }

private let refusals: [(firmware: Firmware, reason: ACPIError.Reason)] = [
  (Firmware(), .rootPointerAbsent),
  (.machine { $0.bytes[0xF0000] = 0 }, .rootPointerAbsent),
  (.machine { $0.bytes[0xF0009] ^= 1 }, .badChecksum),
  (.machine { $0.bytes[0xF0021] ^= 1 }, .badChecksum),
  (
    .machine {
      $0.put(35, size: 4, at: 0xF0014); $0.sealRootPointer()
    }, .badLength
  ),
  (
    .machine {
      $0.put(0xFFFF_FFFF, size: 4, at: 0xF0014); $0.sealRootPointer()
    }, .badLength
  ),
  (
    .machine {
      $0.put(0, size: 8, at: 0xF0018); $0.sealRootPointer()
    }, .rootTableAbsent
  ),
  (
    .machine {
      $0.put(0xFFFF_FFFF_FFFF_FFFE, size: 8, at: 0xF0018); $0.sealRootPointer()
    }, .unreadable
  ),
  (
    .machine {
      $0.put(0x4000_0000, size: 8, at: 0xF0018); $0.sealRootPointer()
    }, .unreadable
  ),
  (
    .machine {
      $0.put(0x11_0000, size: 8, at: 0xF0018); $0.sealRootPointer()
    }, .badSignature
  ),
  (.machine { $0.bytes[0x10_0010] ^= 1 }, .badChecksum),
  (.machine { $0.put(35, size: 4, at: 0x10_0004) }, .badLength),
  (.machine { $0.put(0x1_0001, size: 4, at: 0x10_0004) }, .badLength),
  (.machine { $0.addTable("XSDT", at: 0x10_0000, [1, 2, 3, 4, 5]) }, .badLength),
  (.machine { $0.addTable("XSDT", at: 0x10_0000, [UInt8](repeating: 0, count: 257 * 8)) }, .badLength),
  (.machine { $0.addRoot([0x10_0000]) }, .cycle),
  (.machine { $0.addRoot([0x11_8000]) }, .tableAbsent),
  (.machine { $0.addRoot([]) }, .tableAbsent),
  (.machine { $0.addRoot([0x7000_0000]) }, .unreadable),
  (
    .machine {
      $0.addTable("APIC", at: 0x11_C000, Firmware.madt(Firmware.entries))
      $0.addRoot([0x11_0000, 0x11_C000])
    }, .ambiguousTable
  ),
  (.machine { $0.bytes[0x11_0020] ^= 1 }, .badChecksum),
  (.machine { $0.addTable("APIC", at: 0x11_0000, [0, 0, 0xE0]) }, .badLength),
  (
    .machine { $0.addTable("APIC", at: 0x11_0000, Firmware.madt(Firmware.entries, local: [0, 0, 0, 0])) },
    .badControllerAddress
  ),
  (.machine([]), .processorAbsent),
  (.machine([[0, 8, 0, 0, 0, 0, 0, 0]]), .processorAbsent),
  (with([0]), .badEntryLength),
  (with([0, 0]), .badEntryLength),
  (with([0x7F, 1]), .badEntryLength),
  (with([0x7F, 9, 0]), .badEntryLength),
  (with([0, 7, 0, 9, 1, 0, 0]), .badEntryLength),
  (with([1, 11, 1, 0, 0, 0, 0, 0, 0, 0, 0]), .badEntryLength),
  (with([9, 8, 0, 0, 9, 0, 0, 0]), .badEntryLength),
  (with([0, 8, 9, 1, 1, 0, 0, 0]), .duplicateEntry),
  (with([9, 16, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0]), .duplicateEntry),
  (with([1, 12, 1, 0, 0, 0, 0, 0, 24, 0, 0, 0]), .badControllerAddress),
  (with([1, 12, 0, 0, 0, 0, 0xC1, 0xFE, 24, 0, 0, 0]), .duplicateEntry),
  (with([1, 12, 1, 0, 0, 0, 0xC1, 0xFE, 0, 0, 0, 0]), .duplicateEntry),
  (with([2, 10, 1, 5, 5, 0, 0, 0, 0, 0]), .badInterrupt),
  (with([2, 10, 0, 16, 5, 0, 0, 0, 0, 0]), .badInterrupt),
  (with([2, 10, 0, 5, 5, 0, 0, 0, 2, 0]), .badInterrupt),
  (with([2, 10, 0, 5, 5, 0, 0, 0, 8, 0]), .badInterrupt),
  (with([2, 10, 0, 9, 5, 0, 0, 0, 0, 0]), .duplicateEntry),
  (with([4, 6, 0xFF, 0, 0, 2]), .badInterrupt),
  (with([5, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF]), .badControllerAddress),
  (.machine(Firmware.entries + Array(repeating: [3, 8, 0, 0, 5, 0, 0, 0], count: 31)), .tooManyEntries),
]

@Test(arguments: refusals.indices)
func hostileTablesAreRefused(index: Int) {
  let refusal = refusals[index]
  var reason: ACPIError.Reason?
  do throws(ACPIError) { _ = try refusal.firmware.topology() } catch { reason = error.reason }
  #expect(reason == refusal.reason)
}

@Test(arguments: [(116, 3), (117, 16), (118, 1), (122, 1)])
func impossibleResetRegistersAreRefused(offset: Int, value: UInt8) {
  var content = Firmware.fadt
  content[offset - 36] = value
  let firmware = Firmware.machine(fadt: content)
  let error = #expect(throws: ACPIError.self) { try firmware.description() }
  #expect(error == ACPIError(reason: .badResetRegister, address: PhysicalAddress(0x11_8000 + 116)))
}

@Test func everyCutFixedDescriptionIsRefused() {
  for length in 0..<129 - 36 {
    let firmware = Firmware.machine(fadt: Array(Firmware.fadt.prefix(length)))
    let error = #expect(throws: ACPIError.self) { try firmware.description() }
    #expect(error?.reason == .badLength)
  }
}
