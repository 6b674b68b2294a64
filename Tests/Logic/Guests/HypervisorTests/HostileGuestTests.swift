import Base
import GuestFixture
import GuestInterface
import Paging
import SeededRandomness
import ShadowPaging
import Testing
import X86

@testable import Hypervisor

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
