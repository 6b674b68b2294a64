import Base
import GuestFixture
import GuestInterface
import Paging
import SeededRandomness
import ShadowPaging
import Testing
import X86

@testable import Hypervisor

@Suite struct DeliveryTests {
  @Test func aTrapOfTheKernelGoesOnOnItsStack() throws {
    var rig = try Rig()
    rig.loadGate(6, offset: 0xC000_1234, type: 0xE)
    rig.machine.store32(0x200, data + GuestData.interruptsEnabled)
    rig.guest.registers.eip = 0xC000_0100
    #expect(rig.trap(6) == .enter)
    #expect(rig.guest.registers.eip == 0xC000_1234)
    #expect(rig.guest.registers.esp == 0xC000_2000 - 12)
    #expect(rig.stack(3) == [0xC000_0100, 0x61, 0x202])
    #expect(rig.machine.load32(data + GuestData.interruptsEnabled) == 0, "an interrupt gate disables")
  }

  @Test func aTrapOfAProgramChangesToTheKernelsStack() throws {
    var rig = try Rig()
    rig.loadGate(14, offset: 0xC000_1234, type: 0xF)
    #expect(rig.call(7, 0x69, 0xC000_2000, 1) == .enter)
    rig.guest.registers.ss = 0x7B
    rig.guest.registers.cs = 0x73
    rig.guest.registers.esp = 0xBFFF_0000
    rig.guest.registers.eip = 0x804_8000
    #expect(rig.trap(14, error: 6, address: 0x1234_5678) == .enter)
    #expect(rig.machine.load32(data + GuestData.faultAddress) == 0x1234_5678)
    #expect(rig.stack(6) == [6, 0x804_8000, 0x73, 0x2, 0xBFFF_0000, 0x7B])
    #expect(rig.guest.registers.cs == 0x61)
    #expect(rig.guest.registers.ss == 0x69)
  }

  @Test func trapsWithoutGateOrStackEndTheGuest() throws {
    var rig = try Rig()
    #expect(mistake(rig.trap(0)) == .noGateForTrap)
    rig.loadGate(0, offset: 1, type: 0xE)
    rig.guest.registers.esp = 0x8000_0000
    #expect(mistake(rig.trap(0)) == .frameNotWritable)
    rig.guest.registers.esp = 2
    #expect(mistake(rig.trap(0)) == .frameNotWritable)
    #expect(mistake(rig.trap(256, error: 0x33)) == .segmentLoad)
    #expect(mistake(rig.trap(999)) == .unexpectedVector)
  }

  @Test func theFPUIsTheGuestsToHearOfOnlyIfItAsked() throws {
    var rig = try Rig()
    rig.loadGate(7, offset: 0xC000_1000, type: 0xE)
    #expect(rig.trap(7) == .restoreFPU)
    #expect(rig.call(8, 1) == .enter)
    #expect(rig.trap(7) == .enter)
    #expect(rig.guest.registers.eip == 0xC000_1000)
  }

  @Test func privilegedInstructionsOfTheKernelAreCarriedOut() throws {
    var rig = try Rig()
    rig.guest.registers.eip = 0xC000_0FFF
    rig.machine.store8(0x66, 10 << 12 | 0xFFF)  // in ax, dx across two pages
    rig.machine.store8(0xED, 11 << 12)
    #expect(rig.trap(13) == .enter)
    #expect(rig.guest.registers.eip == 0xC000_1001)
    #expect(rig.guest.registers.eax & 0xFFFF == 0xFFFF)
    // Not for programs, and not if the fault says more.
    rig.loadGate(13, offset: 0xC000_0010, type: 0xE)
    #expect(rig.trap(13, error: 8) == .enter)
    #expect(rig.guest.registers.eip == 0xC000_0010)
  }
}
