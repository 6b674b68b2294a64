/// The pages that the kernel and a guest see at the same place while the processor goes from one to the other.

import Arch
import Base
import CMachine
import GuestInterface
import Log
import Paging
import Runtime
import X86

/// A guest's registers and its processor tables, in the top 4 MiB; `WorldSwitch.asm` uses them.
package struct WorldPages: BitwiseCopyable {
  /// Where the code of the switch appears.
  package static var code: UInt { UInt(GuestData.switcherAddress) }
  /// Guests that can be at a time.
  static var slotCount: Int { 16 }
  package static var format: PAEFormat { PAEFormat(noExecute: Processor.hasNoExecute) }
  package static var codePageCount: Int {
    Int(symbol_world_switch_end() - symbol_world_switch_start()) / pageSize
  }

  /// The frame of a page of the code.
  package static func codeFrame(_ page: Int) -> FrameNumber {
    let address = DirectMap.physicalAddress(ofImageAddress: symbol_world_switch_start()).rawValue
    return FrameNumber(UInt32(truncatingIfNeeded: address >> UInt64(pageShift)) + UInt32(page))
  }

  /// The frame of the page that ends with the registers.
  package let registersFrame: FrameNumber
  /// The frame of the state.
  package let stateFrame: FrameNumber
  /// Where the registers' page appears; the state follows.
  package let registersPage: UInt

  /// Where the state appears.
  package var state: UInt { registersPage + UInt(pageSize) }
  /// Where the registers lie.
  package var registers: UInt { state - Self.registersSize }

  /// The same as a pointer.
  package var registerPointer: UnsafeMutablePointer<GuestRegisters> {
    guard let pointer = unsafe UnsafeMutablePointer<GuestRegisters>(bitPattern: registers) else {
      preconditionFailure("the registers' page lies in the top 4 MiB")
    }
    return unsafe pointer
  }

  private static var registersSize: UInt { 72 }

  // Offsets in the state page; the first ones are in WorldSwitch.asm too.
  private static var hostRoot: UInt { 0 }
  private static var hostControl: UInt { 4 }
  private static var guestRoot: UInt { 12 }
  private static var guestControl: UInt { 16 }
  private static var hostSegments: UInt { 20 }
  private static var hostGates: UInt { 28 }
  private static var guestSegments: UInt { 36 }
  private static var guestGates: UInt { 44 }
  private static var hostTaskBusy: UInt { 52 }
  private static var hostSysenter: UInt { 56 }
  private static var faultAddressOffset: UInt { 60 }
  private static var task: UInt { 0x80 }
  private static var segments: UInt { 0x100 }
  private static var gates: UInt { 0x200 }

  /// Takes two frames and shows them in the kernel's tables.
  package init(slot: Int, _ allocations: StartAllocations) throws(PagingError) {
    registersPage = Self.code + 0x1_0000 + UInt(slot * 2 * pageSize)
    cpu_cli()
    defer { cpu_sti() }
    var memory = NodeTableMemory()
    guard let tables = NodeReference().node.tables else { throw .notMapped }
    // Shared by all guests: the first one shows it.
    if tables.translate(VirtualAddress(Self.code), in: memory) == nil {
      for page in 0..<Self.codePageCount {
        try tables.map(
          Self.codeFrame(page), at: VirtualAddress(Self.code + UInt(page * pageSize)),
          PageAttributes(.readExecute), in: &memory)
      }
    }
    guard !allocations.refuses() else { throw .outOfFrames }
    registersFrame = try memory.allocateTable()
    do throws(PagingError) {
      guard !allocations.refuses() else { throw .outOfFrames }
      stateFrame = try memory.allocateTable()
    } catch {
      memory.freeTable(registersFrame)
      throw error
    }
    do throws(PagingError) {
      guard !allocations.refuses() else { throw .outOfFrames }
      try tables.map(
        registersFrame, at: VirtualAddress(registersPage), PageAttributes(.readWrite), in: &memory)
      try tables.map(stateFrame, at: VirtualAddress(state), PageAttributes(.readWrite), in: &memory)
    } catch {
      _ = try? tables.unmap(VirtualAddress(registersPage), in: &memory)
      memory.freeTable(registersFrame)
      memory.freeTable(stateFrame)
      throw error
    }
    fill()
  }

  /// Gives the frames back.
  package func release() {
    cpu_cli()
    defer { cpu_sti() }
    var memory = NodeTableMemory()
    guard let tables = NodeReference().node.tables else { return }
    var page = registersPage
    while page <= state {
      _ = try? tables.unmap(VirtualAddress(page), in: &memory)
      cpu_invlpg(page)
      page += UInt(pageSize)
    }
    memory.freeTable(registersFrame)
    memory.freeTable(stateFrame)
  }

  // MARK: - What never changes

  private func fill() {
    store(Self.hostRoot, UInt32(cpu_read_cr3()))
    let control = cpu_read_cr4()
    store(Self.hostControl, UInt32(control))
    // Ring 1 uses what ring 3 owns, so the protections against that are off (SMEP, SMAP, UMIP), and so are global
    // pages: no translation may outlive cr3.
    let forbidden: UInt = 1 << 7 | 1 << 20 | 1 << 21 | 1 << 11
    store(Self.guestControl, UInt32(control & ~forbidden))
    storeTable(
      Self.hostSegments, limit: UInt32(Selectors32.entryCount * 8 - 1), base: Processor.block.segmentsAddress)
    storeTable(Self.hostGates, limit: 256 * 8 - 1, base: Processor.block.gatesAddress)
    storeTable(Self.guestSegments, limit: GuestSegments.count * 8 - 1, base: state + Self.segments)
    storeTable(Self.guestGates, limit: 256 * 8 - 1, base: state + Self.gates)
    store(
      Self.hostTaskBusy, UInt32(Processor.block.segmentsAddress + UInt(Selectors32.task) + 5))
    let hasSysenter = cpu_cpuid(1, 0).edx >> 11 & 1 == 1
    store(Self.hostSysenter, hasSysenter ? UInt32(Selectors32.kernelCode) : 0)
    // The task: ring 0 has the registers' page for a stack, and there is no map of ports.
    store(Self.task + 4, UInt32(state))
    store(Self.task + 8, UInt32(Self.switcherData))
    store(Self.task + 100, 104 << 16)
    setSegment(Int(Self.switcherCode / 8), .flatCode32(ring: 0))
    setSegment(Int(Self.switcherData / 8), .flatData(ring: 0))
    setSegment(
      Int(Selectors32.task / 8), .taskState(base: UInt32(state + Self.task), limit: 103))
  }

  private static var switcherCode: UInt16 { 10 * 8 }
  private static var switcherData: UInt16 { 11 * 8 }

  // MARK: - What the guest changes

  /// Says which tables the processor uses in the guest.
  package func setRoot(_ root: FrameNumber) {
    store(Self.guestRoot, UInt32(truncatingIfNeeded: hardwareRoot(root)))
  }

  /// Sets the stack on which programs of the guest enter its kernel.
  package func setStack(segment: UInt32, top: UInt32) {
    store(Self.task + 12, top)
    store(Self.task + 16, segment)
  }

  /// Sets a descriptor that the guest may have.
  package func setSegment(_ index: Int, _ descriptor: SegmentDescriptor) {
    let place = Self.segments + UInt(index * 8)
    store(place, UInt32(truncatingIfNeeded: descriptor.rawValue))
    store(place + 4, UInt32(truncatingIfNeeded: descriptor.rawValue >> 32))
  }

  /// Sets where a vector arrives while the guest runs: in the guest, or in the switch.
  package func setGate(_ vector: Int, _ gate: GuestGate) {
    let place = Self.gates + UInt(vector * 8)
    if gate.mayBeDirect(for: UInt8(truncatingIfNeeded: vector)) {
      store(place, UInt32(GuestSegments.kernelCode) << 16 | gate.offset & 0xFFFF)
      store(place + 4, gate.offset & 0xFFFF_0000 | 0x8F00 | UInt32(gate.ring) << 13)
      return
    }
    let stub = UInt32(Self.code) + cpu_load32(symbol_world_stub_table() + UInt(vector * 4))
    let ring = UInt32(gate.callableRing(for: UInt8(truncatingIfNeeded: vector)))
    store(place, UInt32(Self.switcherCode) << 16 | stub & 0xFFFF)
    store(place + 4, stub & 0xFFFF_0000 | 0x8E00 | ring << 13)
  }

  // MARK: - The switch

  /// Where the switch begins, in the pages that both sides see.
  package static var entry: UInt { code + (symbol_world_enter() - symbol_world_switch_start()) }

  /// The address of the last page fault in the guest.
  package var faultAddress: UInt32 { cpu_load32(state + Self.faultAddressOffset) }

  private func store(_ offset: UInt, _ value: UInt32) { cpu_store32(state + offset, value) }

  private func storeTable(_ offset: UInt, limit: UInt32, base: UInt) {
    cpu_store16(state + offset, UInt16(truncatingIfNeeded: limit))
    // The operand is packed: six bytes.
    cpu_store32(state + offset + 2, UInt32(base))
  }
}
