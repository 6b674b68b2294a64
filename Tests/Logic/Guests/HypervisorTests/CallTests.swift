import Base
import GuestFixture
import GuestInterface
import Paging
import SeededRandomness
import ShadowPaging
import Testing
import X86

@testable import Hypervisor

@Suite struct CallTests {
  @Test func nothingComesBeforeInitialisation() throws {
    for number: UInt32 in [0, 2, 4, 10, 17, 99] {
      var rig = try Rig(initialised: false)
      #expect(mistake(rig.call(number)) == .callBeforeInitialisation)
    }
  }

  @Test func initialisationTellsBothSides() throws {
    var rig = try Rig(initialised: false)
    #expect(rig.call(1, data) == .enter)
    #expect(rig.machine.load32(data + GuestData.reservedMemory) == 0x40_0000)
    #expect(rig.machine.load32(data + GuestData.time) == 7)
    #expect(rig.machine.load32(data + GuestData.time + 4) == 4_000)
    #expect(mistake(rig.call(1, data)) == .initialisedTwice)
  }

  @Test func badInitialisationsAreNamed() throws {
    for address: UInt32 in [0xFFFF_F000, 0xFFFF_FFFF, 65 * 4096 - 1] {
      var rig = try Rig(initialised: false)
      #expect(mistake(rig.call(1, address)) == .badAddress)
    }
    var rig = try Rig(initialised: false)
    rig.machine.store32(0x81, data + GuestData.systemCallVector)
    #expect(mistake(rig.call(1, data)) == .badSystemCallVector)
    rig = try Rig(initialised: false)
    rig.machine.store32(0xFFC0_0000, data + GuestData.kernelAddress)
    #expect(mistake(rig.call(1, data)) == .badKernelAddress)
  }

  @Test func badArgumentsEndTheGuestByTheirCall() throws {
    let cases: [(call: [UInt32], kind: GuestMistake.Kind)] = [
      ([3], .unknownCall), ([0xFFFF_FFFF], .unknownCall), ([2, 0xFFFF_0000, 1], .badAddress),
      ([2, 0x2000, 3], .badShutdownReason), ([4, 0xFFFF_F000], .badRoot), ([6, 256, 0, 0], .badVector),
      ([6, 3, 0, 0x8500], .badGate), ([7, 0x68, 0xC000_2000, 1], .badStackSegment),
      ([7, 0x169, 0xC000_2000, 1], .badStackSegment), ([7, 0x69, 0xC000_2000, 0], .badStackPageCount),
      ([7, 0x69, 0xC000_2000, 3], .badStackPageCount), ([7, 0x69, 0x8000_0000, 1], .stackNotMapped),
      ([14, root, 0xFFC0_0000, 0], .switcherTouched), ([15, root, 1_024], .badRootEntryIndex),
      ([16, 0xFFFF_FFF0], .badAddress), ([17, 0xFFFF_FFF0], .badAddress), ([18, 32, 0, 0], .badSegmentIndex),
    ]
    for (arguments, kind) in cases {
      var rig = try Rig()
      let all = arguments + Array(repeating: 0, count: 4 - arguments.count)
      let step = rig.call(all[0], all[1], all[2], all[3])
      #expect(mistake(step) == kind, "\(arguments)")
      if case .end(.killed(let mistake)) = step { #expect(mistake.call == arguments[0]) }
    }
  }

  @Test func shutdownsAreToldApart() throws {
    var rig = try Rig()
    #expect(rig.call(2, 0x2000, 1) == .end(.powerOff(message: 0x2000)))
    #expect(rig.call(2, 0x2000, 2) == .end(.restart(message: 0x2000)))
    // Linux has no message then, and says so with the physical address of nothing.
    #expect(rig.call(2, 0x4000_0000, 2) == .end(.restart(message: 0x4000_0000)))
  }

  @Test func gatesAndSegmentsAreLoaded() throws {
    var rig = try Rig()
    rig.loadGate(0x80, offset: 0xC010_2030, type: 0x6F)
    #expect(rig.guest.storage.gates[0x80] == GuestGate(kind: .trap, ring: 3, offset: 0xC010_2030))
    #expect(rig.call(6, 8, 0, 0x8500) == .enter, "what Linux sends for double faults is ignored")
    #expect(rig.guest.storage.gates[8] == .absent)
    #expect(rig.call(18, 14, 0xFFFF, 0xCFFA00) == .enter)
    #expect(rig.guest.storage.segments[14] == .flatCode32(ring: 3).accessed)
    #expect(rig.call(18, 10, 0xFFFF, 0xCFFA00) == .enter)
    #expect(rig.guest.storage.segments[10] == .null, "the host's own entries stay")
    rig.machine.store32(0xFFFF, 0x6000)
    rig.machine.store32(0xCFF200, 0x6004)
    #expect(rig.call(16, 0x6000) == .enter)
    #expect(rig.guest.storage.segments[6] == .flatData(ring: 3).accessed)
  }
}

extension SegmentDescriptor {
  fileprivate var accessed: Self { Self(rawValue: rawValue | 1 << 40) }
}
