/// What guests hand over, decoded.

import GuestInterface
import Testing
import X86

@Suite struct GuestGateTests {
  @Test func gatesAreTakenApart() {
    #expect(
      GuestGate(low: 0x0061_1234, high: 0xC010_8E00)
        == GuestGate(kind: .interrupt, ring: 0, offset: 0xC010_1234))
    #expect(
      GuestGate(low: 0x0061_1234, high: 0xC010_EF00) == GuestGate(kind: .trap, ring: 3, offset: 0xC010_1234))
    #expect(GuestGate(low: 0xFFFF_FFFF, high: 0x7FFF) == .absent)
  }

  @Test(arguments: 0..<32 as Range<UInt32>)
  func onlyInterruptAndTrapGatesAreTaken(type: UInt32) {
    #expect((GuestGate(low: 0, high: 0x8000 | type << 8) != nil) == (type == 0xE || type == 0xF))
  }

  @Test func onlyTrapGatesOfTheGuestsOwnVectorsAreDirect() {
    let trap = GuestGate(kind: .trap, ring: 3, offset: 0)
    let direct = (0..<256).map { UInt8($0) }.filter { trap.mayBeDirect(for: $0) }
    let never: Set<UInt8> = [2, 7, 8, 13, 14, 15, 31]
    #expect(direct == (0..<32).map { UInt8($0) }.filter { !never.contains($0) } + [0x80])
    #expect(!GuestGate(kind: .interrupt, ring: 3, offset: 0).mayBeDirect(for: 0x80))
  }
}

@Suite struct GuestSegmentTests {
  @Test func ringZeroBecomesRingOneAndIsMarkedAccessed() {
    #expect(GuestSegments.sanitised(SegmentDescriptor.flatCode32(ring: 0).rawValue) == .flatCode32(ring: 1))
    #expect(GuestSegments.sanitised(0x00CF_F200_0000_FFFF) == .flatData(ring: 3))
  }

  @Test func whatCouldReachRingZeroIsLeftOut() {
    for type: UInt64 in 0..<16 {
      // System descriptors: gates, tasks, local tables.
      #expect(GuestSegments.sanitised(0x00CF_E000_0000_FFFF | type << 40) == .null)
    }
    #expect(GuestSegments.sanitised(0x00CF_FE00_0000_FFFF) == .null)  // conforming code
    #expect(GuestSegments.sanitised(0x00CF_7A00_0000_FFFF) == .null)  // not present
    // 64-bit code becomes what it is for a guest: code of 32 bits or less.
    #expect(GuestSegments.sanitised(0x00AF_FA00_0000_FFFF).rawValue >> 53 & 1 == 0)
  }

  @Test func noDescriptorThatAGuestLoadsIsOfRingZero() {
    var random = SystemRandomNumberGenerator()
    let bad = (0..<100_000).map { _ in random.next() }.filter { descriptor in
      let result = GuestSegments.sanitised(descriptor).rawValue
      return result != 0 && (result >> 45 & 3 == 0 || result >> 44 & 1 == 0 || result >> 40 & 1 == 0)
    }
    #expect(bad.isEmpty)
  }
}

@Suite struct EmulatedInstructionTests {
  private static let ports: [(bytes: UInt32, length: UInt32, eax: UInt32)] = [
    (0xFA, 1, 0x1234_5600),
    (0x21E6, 2, 0x1234_5600),  // out 0x21, al
    (0xEF, 1, 0x1234_5600),
    (0xEF66, 2, 0x1234_5600),
    (0x64E4, 2, 0x1234_56FF),  // in al, 0x64
    (0xEC, 1, 0x1234_56FF),
    (0xED66, 2, 0x1234_FFFF),  // in ax, dx
    (0xED, 1, 0xFFFF_FFFF),
    (0x10_E566, 3, 0x1234_FFFF),
  ]

  @Test(arguments: ports)
  func portsReadAsAllOnes(bytes: UInt32, length: UInt32, eax: UInt32) throws {
    var registers = GuestRegisters(entry: 0x1000)
    registers.eax = 0x1234_5600
    let instruction = try #require(EmulatedInstruction(bytes: bytes))
    instruction.perform(on: &registers)
    #expect(registers.eip == 0x1000 + length)
    #expect(registers.eax == eax)
  }

  @Test(arguments: [0xF4 as UInt32, 0x300F, 0x010F, 0xFB, 0xFA66, 0xCF, 0])
  func everythingElseIsTheGuestsOwn(bytes: UInt32) { #expect(EmulatedInstruction(bytes: bytes) == nil) }
}

@Suite struct CallableVectorTests {
  private let open = GuestGate(kind: .interrupt, ring: 3, offset: 0x1000)

  @Test func noGuestCallsTheMachinesInterruptsByInstruction() {
    for vector in UInt8(32)...255 where vector != 0x80 { #expect(open.callableRing(for: vector) == 0) }
    #expect(open.callableRing(for: 0x80) == 3)
  }

  @Test(arguments: [8, 10, 11, 12, 13, 14, 17, 21, 29, 30] as [UInt8])
  func exceptionsWithAnErrorCodeAreNotCalled(vector: UInt8) {
    #expect(open.callableRing(for: vector) == 0)
  }

  @Test func breakpointsAreAsTheGuestWants() {
    #expect(open.callableRing(for: 3) == 3)
    #expect(GuestGate(kind: .trap, ring: 1, offset: 0).callableRing(for: 4) == 1)
    #expect(GuestGate.absent.callableRing(for: 3) == 0)
  }

  @Test func hypercallsAreForRing1Alone() {
    #expect(open.callableRing(for: 31) == 1)
    #expect(GuestGate.absent.callableRing(for: 31) == 1)
  }
}
