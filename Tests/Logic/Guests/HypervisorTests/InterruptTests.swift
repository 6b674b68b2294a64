import Base
import GuestFixture
import GuestInterface
import Paging
import SeededRandomness
import ShadowPaging
import Testing
import X86

@testable import Hypervisor

@Suite struct InterruptTests {
  private func rigWithGate() throws -> Rig {
    var rig = try Rig()
    rig.loadGate(32, offset: 0xC000_0020, type: 0xE)
    rig.loadGate(33, offset: 0xC000_0021, type: 0xE)
    return rig
  }

  @Test func theLowestUnblockedInterruptIsDelivered() throws {
    var rig = try rigWithGate()
    rig.machine.store32(0x200, data + GuestData.interruptsEnabled)
    rig.machine.store32(1, data + GuestData.blockedInterrupts)
    rig.guest.raise(interrupt: 0)
    rig.guest.raise(interrupt: 1)
    #expect(rig.guest.prepareEntry(in: &rig.machine) == .enter)
    #expect(rig.guest.registers.eip == 0xC000_0021)
    rig.machine.store32(0x200, data + GuestData.interruptsEnabled)
    rig.machine.store32(0, data + GuestData.blockedInterrupts)
    #expect(rig.guest.prepareEntry(in: &rig.machine) == .enter)
    #expect(rig.guest.registers.eip == 0xC000_0020)
    #expect(rig.guest.storage.statistics.interrupts == 2)
  }

  @Test func whileDisabledTheGuestIsToldAndNotForLonger() throws {
    var rig = try rigWithGate()
    rig.guest.registers.eip = 0xC000_0100
    rig.guest.raise(interrupt: 0)
    #expect(rig.guest.prepareEntry(in: &rig.machine) == .enter)
    #expect(rig.guest.registers.eip == 0xC000_0100)
    #expect(rig.machine.load32(data + GuestData.interruptPending) == 0x200)
    rig.machine.store32(0x200, data + GuestData.interruptsEnabled)
    #expect(rig.guest.prepareEntry(in: &rig.machine) == .enter)
    #expect(rig.machine.load32(data + GuestData.interruptPending) == 0)
  }

  @Test func noneIsDeliveredInTheLastInstructionsOfAReturn() throws {
    var rig = try rigWithGate()
    rig.machine.store32(0x200, data + GuestData.interruptsEnabled)
    rig.guest.raise(interrupt: 0)
    for (eip, isDelivered) in [(0x9000, false), (0x900F, false), (0x9010, true)] as [(UInt32, Bool)] {
      rig.guest.registers.eip = eip
      #expect(rig.guest.prepareEntry(in: &rig.machine) == .enter)
      #expect((rig.guest.registers.eip != eip) == isDelivered)
    }
  }

  @Test func aHaltedGuestWaitsForItsClock() throws {
    var rig = try rigWithGate()
    #expect(rig.call(9, 5_000) == .enter)
    #expect(rig.call(10) == .enter)
    #expect(rig.guest.prepareEntry(in: &rig.machine) == .wait)
    rig.machine.tick += 10_000
    #expect(rig.guest.prepareEntry(in: &rig.machine) == .enter)
    #expect(rig.guest.registers.eip == 0xC000_0020)
    #expect(rig.guest.isHalted == false)
    #expect(rig.guest.clockDeadline == .max)
  }

  @Test func withoutAGateAnInterruptStays() throws {
    var rig = try Rig()
    rig.machine.store32(0x200, data + GuestData.interruptsEnabled)
    rig.guest.raise(interrupt: 5)
    #expect(rig.guest.prepareEntry(in: &rig.machine) == .enter)
    rig.loadGate(37, offset: 0xC000_0037, type: 0xE)
    #expect(rig.guest.prepareEntry(in: &rig.machine) == .enter)
    #expect(rig.guest.registers.eip == 0xC000_0037)
  }
}
