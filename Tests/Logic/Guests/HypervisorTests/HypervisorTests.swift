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

private let data: UInt32 = 0x5000
private let root: UInt32 = 0x1000

/// A guest with 64 pages, and what drives it.
private struct Rig: ~Copyable {
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
private func mistake(_ step: GuestStep) -> GuestMistake.Kind? {
  if case .end(.killed(let mistake)) = step { mistake.kind } else { nil }
}

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

@Suite struct RingTests {
  @Test func postedCallsComeBeforeTheDirectOne() throws {
    var rig = try Rig()
    rig.post(0, Hypercall(8, 1))
    rig.post(1, Hypercall(9, 500))
    #expect(rig.call(0) == .enter)
    #expect(rig.guest.isTaskSwitched == true)
    #expect(rig.guest.clockDeadline == 9_000)
    #expect(rig.machine.load8(data + GuestData.ringStatus) == 0xFF)
    #expect(rig.machine.load8(data + GuestData.ringStatus + 1) == 0xFF)
    #expect(rig.guest.storage.statistics.ringCalls == 2)
  }

  @Test func shortCallsAreNoOthers() throws {
    var rig = try Rig()
    for (number, isShort) in [(0, true), (8, true), (19, true), (10, false), (17, false), (77, false)]
      as [(UInt32, Bool)]
    {
      rig.guest.registers.vector = 31
      (rig.guest.registers.eax, rig.guest.registers.ebx) = (number, 1)
      #expect(rig.guest.handleShortExit(in: &rig.machine) == isShort, "\(number)")
    }
    #expect(rig.guest.isTaskSwitched == true)
    // What waits in the ring comes first, and faults are no calls.
    rig.post(0, Hypercall(8, 0))
    rig.post(1, Hypercall(10))
    rig.guest.registers.eax = 0
    #expect(rig.guest.handleShortExit(in: &rig.machine) == false)
    #expect(rig.guest.isTaskSwitched == false)
    #expect(rig.machine.load8(data + GuestData.ringStatus + 1) == 0, "what is no short call is still posted")
    rig.guest.registers.vector = 14
    #expect(rig.guest.handleShortExit(in: &rig.machine) == false)
    var early = try Rig(initialised: false)
    early.guest.registers.vector = 31
    #expect(early.guest.handleShortExit(in: &early.machine) == false)
  }

  /// What the host remembers of a switch between tasks.
  private func summary(_ rig: inout Rig) -> [UInt64] {
    var words = [
      UInt64(rig.guest.stackTop), UInt64(rig.guest.stackSegment), rig.guest.isTaskSwitched ? 1 : 0,
      UInt64(rig.guest.shadow.root.rawValue), rig.guest.storage.statistics.ringCalls,
      rig.guest.shadow.statistics.rootHits, rig.guest.shadow.statistics.rootMisses,
    ]
    for index in 6...8 { words.append(rig.guest.segment(index).rawValue) }
    for number in 0..<32 { words.append(rig.guest.storage.statistics.calls[number]) }
    return words
  }

  /// Stacks, segments and roots that are known and that are not, in any order: the short way does what the long one does.
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func aSwitchOfTasksIsTheSameTheShortWay(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var short = try Rig()
    var long = try Rig()
    short.machine.mapInGuest(0xC000_0000, to: 10, flags: 0x3, root: 0x2000, table: 0x3000)
    long.machine.mapInGuest(0xC000_0000, to: 10, flags: 0x3, root: 0x2000, table: 0x3000)
    let tops: [UInt32] = [0xC000_1000, 0xC000_2000, 0xC000_1FF8, 0xC000_2003]
    var shortExits = 0
    for _ in 0..<300 {
      for slot: UInt32 in 0..<UInt32.random(in: 1...4, using: &random) {
        let call: Hypercall
        switch Int.random(in: 0..<6, using: &random) {
        case 0...1: call = Hypercall(7, 0x69, tops.randomElement(using: &random) ?? 0, 1)
        case 2...3: call = Hypercall(16, 0x6000 + 24 * .random(in: 0..<3, using: &random))
        case 4: call = Hypercall(4, Bool.random(using: &random) ? root : 0x2000)
        default: call = Hypercall(8, .random(in: 0...1, using: &random))
        }
        let place = (long.guest.ringCursor + slot) & 63
        short.post(place, call)
        long.post(place, call)
      }
      // Descriptors change now and then, and the guest's own table as well.
      if Int.random(in: 0..<8, using: &random) == 0 {
        let (place, word) = (0x6000 + 4 * UInt32.random(in: 0..<18, using: &random), UInt32(0x00CF_F200))
        short.machine.store32(word, place)
        long.machine.store32(word, place)
      }
      if Int.random(in: 0..<8, using: &random) == 0 {
        let index = UInt32.random(in: 6...8, using: &random)
        #expect(short.call(18, index, 0xFFFF, 0x00CF_F200) == long.call(18, index, 0xFFFF, 0x00CF_F200))
      }
      short.guest.registers.vector = 31
      short.guest.registers.eax = 0
      if short.guest.handleShortExit(in: &short.machine) {
        shortExits += 1
      } else {
        _ = short.guest.handleExit(faultAddress: 0, in: &short.machine)
      }
      _ = long.call(0)
      #expect(summary(&short) == summary(&long))
    }
    #expect(shortExits > 30)
  }

  @Test func theRingWraps() throws {
    var rig = try Rig()
    for turn: UInt32 in 0..<200 {
      rig.post(turn % 64, Hypercall(8, turn & 1))
      #expect(rig.call(0) == .enter)
      #expect(rig.guest.isTaskSwitched == (turn & 1 == 1))
    }
  }

  @Test func aRingThatIsAlwaysFullIsLeftAfterOneTurn() throws {
    var rig = try Rig()
    for slot: UInt32 in 0..<64 { rig.post(slot, Hypercall(8, 1)) }
    #expect(rig.call(0) == .enter)
    #expect(rig.guest.storage.statistics.ringCalls == 64)
  }

  @Test func aDeviceIsServedBeforeWhatWasAskedLater() throws {
    var rig = try Rig()
    rig.post(0, Hypercall(17, 0x4000))
    rig.post(1, Hypercall(8, 1))
    #expect(rig.call(10) == .notify(0x4000))
    #expect(rig.guest.isTaskSwitched == false)
    #expect(rig.guest.isHalted == false)
    #expect(rig.guest.continueCalls(in: &rig.machine) == .enter)
    #expect(rig.guest.isTaskSwitched == true)
    #expect(rig.guest.isHalted == true)
    #expect(rig.guest.continueCalls(in: &rig.machine) == .enter)
  }

  @Test func aMistakeInTheRingIsNamed() throws {
    var rig = try Rig()
    rig.post(0, Hypercall(14, root, 0xFFFF_F000))
    guard case .end(.killed(let found)) = rig.call(0) else {
      Issue.record("the guest went on")
      return
    }
    #expect(found == GuestMistake(.switcherTouched, 0xFFFF_F000, call: 14))
  }
}

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

@Suite struct HostileGuestTests {
  /// Random calls, traps and memory; the host must go on, and the guest must see only its own frames.
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func noCallMakesTheHostTrap(seed: UInt64) throws {
    print("seed of the hostile guest: \(seed)")
    var random = SeededGenerator(seed: seed)
    var ends: [GuestMistake.Kind: Int] = [:]
    for _ in 0..<100 {
      var rig = try Rig()
      for _ in 0..<200 {
        let step = oneStep(&rig, &random)
        if case .end(let end) = step {
          if case .killed(let mistake) = end { ends[mistake.kind, default: 0] += 1 }
          break
        }
        if case .notify = step { _ = rig.guest.continueCalls(in: &rig.machine) }
      }
      let own = rig.machine.ownFrames
      #expect(rig.guest.shadow.firstViolation(in: rig.machine) { !own.contains($0.rawValue) } == nil)
      rig.guest.release(in: &rig.machine)
      #expect(rig.machine.tables.isEmpty)
    }
    #expect(ends.count >= 8, "only \(ends.keys) were reached")
  }

  private func oneStep(_ rig: inout Rig, _ random: inout SeededGenerator) -> GuestStep {
    func word() -> UInt32 {
      switch UInt32.random(in: 0..<6, using: &random) {
      case 0: .random(in: 0...0x4_0FFF, using: &random)
      case 1: .random(in: 0..<64, using: &random)
      case 2: 0xC000_0000 + .random(in: 0...0x4000, using: &random)
      case 3: root
      case 4: .random(in: 0xFFBF_F000...UInt32.max, using: &random)
      default: .random(in: 0...UInt32.max, using: &random)
      }
    }
    switch UInt32.random(in: 0..<8, using: &random) {
    case 0...3: return rig.call(.random(in: 0...20, using: &random), word(), word(), word())
    case 4:
      rig.guest.registers.esp = word()
      rig.guest.registers.eip = word()
      rig.guest.registers.ss = Bool.random(using: &random) ? 0x69 : 0x7B
      return rig.trap(.random(in: 0...32, using: &random), error: word(), address: word())
    case 5: return rig.trap(14, error: .random(in: 0..<8, using: &random), address: word())
    case 6:
      rig.guest.raise(interrupt: .random(in: 0..<32, using: &random))
      return rig.guest.prepareEntry(in: &rig.machine)
    default:
      for _ in 0..<8 {
        rig.machine.store32(word(), .random(in: 0..<rig.machine.size / 4, using: &random) * 4)
      }
      return .enter
    }
  }
}
