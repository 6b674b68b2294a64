import Base
import Testing

@testable import ACPI

private func routes(_ entries: [[UInt8]], inputs: UInt32 = 24) throws -> InterruptRoutes {
  InterruptRoutes(try Firmware.machine(entries).topology()) { _ in inputs }
}

private let processor: [UInt8] = [0, 8, 0, 0, 1, 0, 0, 0]
private let controller: [UInt8] = [1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0]

@Test func interruptsArriveWhereTheOverridesSay() throws {
  let routes = try routes([
    processor, controller, [2, 10, 0, 0, 2, 0, 0, 0, 0, 0], [2, 10, 0, 9, 20, 0, 0, 0, 0xF, 0],
  ])
  #expect(routes.route(0) == InterruptRoute(controller: 0, input: 2))
  #expect(routes.route(4) == InterruptRoute(controller: 0, input: 4))
  let power = try #require(routes.route(9))
  #expect(power.input == 20 && power.flags.isActiveLow && power.flags.isLevelTriggered)
  // Interrupt 2 would be where interrupt 0 was moved to.
  #expect(routes.route(2) == nil)
  #expect(routes.route(16) == nil)
}

@Test func anInterruptWithoutAnInputDoesNotArrive() throws {
  let routes = try routes([processor, controller], inputs: 8)
  #expect(routes.route(7) != nil && routes.route(8) == nil)
  let none = try InterruptRoutes(Firmware.machine([processor]).topology()) { _ in 24 }
  #expect((0..<16).allSatisfy { none.route($0) == nil })
}

@Test func aSecondControllerHasItsOwnInputs() throws {
  let second: [UInt8] = [1, 12, 1, 0, 0, 0x10, 0xC0, 0xFE, 8, 0, 0, 0]
  let routes = try routes([processor, controller, second], inputs: 8)
  #expect(routes.route(3) == InterruptRoute(controller: 0, input: 3))
  #expect(routes.route(11) == InterruptRoute(controller: 1, input: 3))
}

/// Pages of a firmware, copied for ever: tests are short.
private struct Pages: PageCopier {
  let firmware: Firmware
  let isAllowed: @Sendable (UInt32) -> Bool

  func copy(_ frame: FrameNumber) -> UnsafeRawPointer? {
    guard isAllowed(frame.rawValue) else { return nil }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: pageSize, alignment: pageSize)
    for index in 0..<pageSize {
      let byte = firmware.byte(at: PhysicalAddress(UInt64(frame.rawValue) << 12 + UInt64(index))) ?? 0
      memory.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    }
    return UnsafeRawPointer(memory)
  }
}

private func copying(
  _ firmware: Firmware, isAllowed: @escaping @Sendable (UInt32) -> Bool = { _ in true },
  _ body: (FirmwareCopy<Pages>, UnsafeMutablePointer<CopiedPages>) throws -> Void
) rethrows {
  let pages = UnsafeMutablePointer<CopiedPages>.allocate(capacity: 1)
  pages.initialize(to: CopiedPages())
  defer {
    for index in 0..<pages.pointee.count {
      UnsafeMutableRawPointer(bitPattern: pages.pointee.copy(index))?.deallocate()
    }
    pages.deallocate()
  }
  try body(unsafe FirmwareCopy(Pages(firmware: firmware, isAllowed: isAllowed), pages: pages), pages)
}

@Test func aCopyIsReadLikeTheOriginalAndMadeOnce() throws {
  let firmware = Firmware.machine()
  let place = try RootPointer.place(searching: firmware)
  #expect(place == PhysicalAddress(0xF0000))
  try copying(firmware) { copy, pages in
    let topology = try InterruptTopology(FirmwareTables(RootPointer(at: place, in: copy), in: copy))
    #expect(topology.processors.count == 4)
    let count = pages.pointee.count
    _ = try FixedDescription(FirmwareTables(RootPointer(at: place, in: copy), in: copy))
    // The same pages, and that of the other table.
    #expect(pages.pointee.count <= count + 1)
  }
}

@Test func pagesThatAreNotTheFirmwaresAreNotRead() throws {
  let place = PhysicalAddress(0xF0000)
  copying(Firmware.machine(), isAllowed: { $0 < 0x100 }) { copy, _ in
    #expect(throws: ACPIError(reason: .unreadable, address: PhysicalAddress(0x10_0000))) {
      try FirmwareTables(RootPointer(at: place, in: copy), in: copy)
    }
  }
}

@Test func thereIsALimitOfPages() {
  copying(Firmware.machine()) { copy, pages in
    for page in 0..<64 as Range<UInt64> {
      let byte = copy.byte(at: PhysicalAddress(page << 12))
      #expect((byte != nil) == (page < UInt64(CopiedPages.capacity)))
    }
    #expect(pages.pointee.count == CopiedPages.capacity)
    #expect(copy.byte(at: PhysicalAddress(0x5)) != nil)
  }
}
