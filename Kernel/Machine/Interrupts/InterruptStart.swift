/// From the firmware's tables to controllers that bring interrupts, or the reason why the old ones do.

import ACPI
import Arch
import Base
import BootInformation
import CMachine
import X86

/// How this module comes by pages: whoever owns the page tables and the frames gives it these.
public struct PageService {
  /// Maps a frame at a window; registers of a device are not cached.
  public let map: (_ frame: FrameNumber, _ window: VirtualAddress, _ isDevice: Bool) -> Bool
  /// Takes a window's page away.
  public let unmap: (_ window: VirtualAddress) -> Void
  /// A frame in the direct map: where it appears, or `nil` if there is none.
  public let allocate: () -> VirtualAddress?
  /// Takes such a frame back.
  public let free: (VirtualAddress) -> Void
  /// What the loader's map says of the page at an address, or `nil` if it says nothing.
  public let kind: (PhysicalAddress) -> MemoryKind?

  /// Gathers the five.
  public init(
    map: @escaping (FrameNumber, VirtualAddress, Bool) -> Bool, unmap: @escaping (VirtualAddress) -> Void,
    allocate: @escaping () -> VirtualAddress?, free: @escaping (VirtualAddress) -> Void,
    kind: @escaping (PhysicalAddress) -> MemoryKind?
  ) {
    (self.map, self.unmap, self.allocate, self.free, self.kind) = (map, unmap, allocate, free, kind)
  }
}

/// Which controllers belong to a node.
public enum InterruptRole: UInt8, BitwiseCopyable, Sendable {
  /// All: it is alone in the machine.
  case machine
  /// The processor's own, and the two 8259: the others and the firmware's tables lie outside its memory.
  case legacyDevices
  /// The processor's own.
  case processor
}

/// Why the two 8259 bring the interrupts.
public enum LegacyReason: BitwiseCopyable {
  /// The processor has no local APIC, or it could not be mapped.
  case localControllerAbsent
  /// Other nodes share the machine.
  case otherNodes
  /// There is no frame for copies of the tables.
  case outOfFrames
  /// The firmware's tables were refused.
  case tables(ACPIError)
  /// The tables name no I/O APIC.
  case ioControllerAbsent
  /// What the tables name as an I/O APIC at an address is none.
  case notAController(PhysicalAddress)

  /// The reason in words.
  public var sentence: StaticString {
    switch self {
    case .localControllerAbsent: "there is no local APIC"
    case .otherNodes: "other nodes share the machine"
    case .outOfFrames: "there is no frame for the firmware's tables"
    case .tables(let error): error.sentence
    case .ioControllerAbsent: "the firmware names no I/O APIC"
    case .notAController: "what the firmware names as an I/O APIC is none"
    }
  }

  /// Where the fault lies, if it lies anywhere.
  public var address: PhysicalAddress? {
    switch self {
    case .tables(let error): error.address
    case .notAController(let address): address
    default: nil
    }
  }
}

extension InterruptLines {
  /// Takes the best controllers there are into use, all lines masked.
  ///
  /// - Parameters:
  ///   - role: which controllers are the node's.
  ///   - rootPointer: the loader's copy of the firmware's root pointer, if it gave one.
  ///   - pages: how to reach the tables and the registers.
  /// - Returns: why the I/O APICs are not used, or `nil` if they are.
  @export(interface)
  public mutating func start(
    _ role: InterruptRole, _ rootPointer: RootPointerCopy?, _ pages: PageService
  ) -> LegacyReason? {
    guard let address = LocalInterruptController.find(),
      let frame = FrameNumber(holding: address), pages.map(frame, Windows.localController, true)
    else { return .localControllerAbsent }
    hasLocalController = true
    LocalInterruptController.start(takesLegacyInterrupts: role != .processor)
    guard role == .machine else { return .otherNodes }
    guard let list = pages.allocate() else { return .outOfFrames }
    do throws(ACPIError) {
      return start(try FirmwareReader.topology(rootPointer, pages, list: list), pages)
    } catch {
      return .tables(error)
    }
  }

  /// Maps every I/O APIC, masks all inputs, and follows the lines to them.
  private mutating func start(_ topology: InterruptTopology, _ pages: PageService) -> LegacyReason? {
    guard topology.ioControllers.count > 0 else { return .ioControllerAbsent }
    var counts: InlineArray<16, UInt32> = .init(repeating: 0)
    var places: InlineArray<16, UInt> = .init(repeating: 0)
    for index in 0..<topology.ioControllers.count {
      let address = topology.ioControllers[index].address
      guard Self.canBeDevice(address, pages), let frame = FrameNumber(holding: address),
        pages.map(frame, Windows.ioController(index), true)
      else { return .notAController(address) }
      places[index] =
        Windows.ioController(index).rawValue + UInt(truncatingIfNeeded: address.rawValue) % UInt(pageSize)
      guard let count = IOInterruptController(at: VirtualAddress(places[index])).inputCount else {
        return .notAController(address)
      }
      counts[index] = count
    }
    inputCount = 0
    for index in 0..<topology.ioControllers.count {
      let controller = IOInterruptController(at: VirtualAddress(places[index]))
      // At most 256, by the form of the register.
      for input in 0..<counts[index] { controller.set(.masked, input: UInt8(truncatingIfNeeded: input)) }
      inputCount += counts[index]
    }
    use(
      InterruptRoutes(topology) { counts[$0] }, controllers: places,
      destination: LocalInterruptController.identity)
    return nil
  }

  /// Whether registers may be written at an address: it is nobody's memory, and not the local APIC's.
  private static func canBeDevice(_ address: PhysicalAddress, _ pages: PageService) -> Bool {
    guard address.rawValue >= 1 << 20, address.rawValue & 0xFFF <= 0xFE0,
      let local = LocalInterruptController.find(),
      local.rawValue >> UInt64(pageShift) != address.rawValue >> UInt64(pageShift)
    else { return false }
    let kind = pages.kind(address)
    return kind == nil || kind == .reserved
  }
}

/// Reads the table of interrupt controllers from copies of the firmware's pages.
private enum FirmwareReader {
  static func topology(
    _ rootPointer: RootPointerCopy?, _ pages: PageService, list: VirtualAddress
  ) throws(ACPIError) -> InterruptTopology {
    let copied = unsafe UnsafeMutablePointer<CopiedPages>(bitPattern: list.rawValue).unsafelyUnwrapped
    // SAFETY: the caller has just allocated the frame, for the list alone, and it has room for it.
    unsafe copied.initialize(to: CopiedPages())
    defer {
      for index in 0..<(unsafe copied.pointee.count) {
        pages.free(VirtualAddress(unsafe copied.pointee.copy(index)))
      }
      pages.free(list)
    }
    // SAFETY: the list and the copies stay until this function ends.
    let copy = unsafe FirmwareCopy(FirmwarePages(service: pages), pages: copied)
    let place: PhysicalAddress
    if let rootPointer, (try? RootPointer(at: rootPointer.address, in: copy)) != nil {
      place = rootPointer.address
    } else {
      place = try RootPointer.place(searching: LoaderMemory())
    }
    return try InterruptTopology(FirmwareTables(RootPointer(at: place, in: copy), in: copy))
  }
}

/// Copies pages that hold firmware, by the loader's map of memory, through a window.
private struct FirmwarePages: PageCopier {
  let service: PageService

  func copy(_ frame: FrameNumber) -> UnsafeRawPointer? {
    guard let kind = service.kind(PhysicalAddress(startOf: frame)),
      kind == .acpiReclaimable || kind == .acpiNonVolatile || kind == .reserved || kind == .bootData,
      let place = service.allocate()
    else { return nil }
    guard service.map(frame, Windows.firmware, false) else {
      service.free(place)
      return nil
    }
    for offset in stride(from: 0, to: UInt(pageSize), by: 4) {
      cpu_store32(place.rawValue + offset, cpu_load32(Windows.firmware.rawValue + offset))
    }
    service.unmap(Windows.firmware)
    return unsafe UnsafeRawPointer(bitPattern: place.rawValue)
  }
}
