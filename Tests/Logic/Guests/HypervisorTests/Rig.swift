/// Guests that consist of their calls.

import Base
import GuestFixture
import GuestInterface
import Paging
import SeededRandomness
import ShadowPaging
import Testing
import X86

@testable import Hypervisor

let data: UInt32 = 0x5000
let root: UInt32 = 0x1000

/// A guest with 64 pages, and what drives it.
struct Rig: ~Copyable {
  var machine = FakeMachine(ramPages: 64)
  var guest: Guest<PAEFormat>
  private let registers = UnsafeMutablePointer<GuestRegisters>.allocate(capacity: 1)

  private let storage = UnsafeMutablePointer<GuestStorage>.allocate(capacity: 1)

  deinit {
    registers.deallocate()
    storage.deallocate()
  }

  init(initialised: Bool = true) throws {
    let clock = GuestClock(ticksPerMillisecond: 2_000_000, startSeconds: 7)
    machine.tick = 8_000
    registers.initialize(to: GuestRegisters())
    guest = try Guest(
      entry: 0x10_0000, registers: registers, storage: storage, clock: clock,
      format: PAEFormat(noExecute: false), in: &machine)
    machine.store32(0x80, data + GuestData.systemCallVector)
    machine.store32(0xC000_0000, data + GuestData.kernelAddress)
    machine.store32(0x9000, data + GuestData.noInterruptStart)
    machine.store32(0x9010, data + GuestData.noInterruptEnd)
    for index in 0..<GuestData.ringCount { machine.store8(0xFF, data + GuestData.ringStatus + index) }
    machine.mapInGuest(0xC000_0000, to: 10, flags: 0x3, root: root, table: 0x3000)
    machine.mapInGuest(0xC000_1000, to: 11, flags: 0x3, root: root, table: 0x3000)
    if initialised {
      #expect(call(1, data) == .enter)
      #expect(call(4, root) == .enter)
      guest.registers.esp = 0xC000_2000
    }
  }

  mutating func call(
    _ number: UInt32, _ first: UInt32 = 0, _ second: UInt32 = 0, _ third: UInt32 = 0
  ) -> GuestStep {
    guest.registers.vector = 31
    (guest.registers.eax, guest.registers.ebx) = (number, first)
    (guest.registers.ecx, guest.registers.edx) = (second, third)
    return guest.handleExit(faultAddress: 0, in: &machine)
  }

  mutating func trap(_ vector: UInt32, error: UInt32 = 0, address: UInt32 = 0) -> GuestStep {
    (guest.registers.vector, guest.registers.errorCode) = (vector, error)
    return guest.handleExit(faultAddress: address, in: &machine)
  }

  mutating func post(_ slot: UInt32, _ call: Hypercall) {
    let entry = data + GuestData.ring + slot * GuestData.ringEntrySize
    for (index, word) in [call.number, call.first, call.second, call.third, call.fourth].enumerated() {
      machine.store32(word, entry + UInt32(index) * 4)
    }
    machine.store8(0, data + GuestData.ringStatus + slot)
  }

  mutating func loadGate(_ vector: UInt32, offset: UInt32, type: UInt32) {
    #expect(
      call(6, vector, 0x61_0000 | offset & 0xFFFF, offset & 0xFFFF_0000 | 0x8000 | type << 8) == .enter)
  }

  /// The words from the guest's stack pointer, which lies in its page 11.
  func stack(_ count: UInt32) -> [UInt32] {
    (0..<count).map { machine.load32(11 << 12 | (guest.registers.esp + $0 * 4) & 0xFFF) }
  }
}

/// Why a step ended the guest.
func mistake(_ step: GuestStep) -> GuestMistake.Kind? {
  if case .end(.killed(let mistake)) = step { mistake.kind } else { nil }
}
