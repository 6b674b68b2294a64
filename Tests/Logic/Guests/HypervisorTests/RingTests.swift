import Base
import GuestFixture
import GuestInterface
import Paging
import SeededRandomness
import ShadowPaging
import Testing
import X86

@testable import Hypervisor

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
