/// Shadow tables against the guest's own.

import Base
import GuestFixture
import GuestInterface
import Paging
import SeededRandomness
import Testing

@testable import ShadowPaging

private typealias Shadow = ShadowPaging<PAEFormat>

private let root: UInt32 = 0x1000
private let otherRoot: UInt32 = 0x2000
private let table: UInt32 = 0x3000
private let otherTable: UInt32 = 0x4000
private let allowed: UInt32 = 0x7  // present, writable, user

private let readByKernel = GuestAccess(isWrite: false, isUser: false)
private let writeByKernel = GuestAccess(isWrite: true, isUser: false)
private let readByProgram = GuestAccess(isWrite: false, isUser: true)
private let writeByProgram = GuestAccess(isWrite: true, isUser: true)

/// What the processor would find at an address.
private func shown(
  _ shadow: borrowing Shadow, _ address: UInt32, in machine: borrowing FakeMachine
) -> Mapping? {
  PageTable(format: PAEFormat(noExecute: false), root: shadow.root)
    .translate(VirtualAddress(UInt(address)), in: machine)?.mapping
}

@Suite struct ShadowPagingTests {
  @Test func beforeAnyRootMemoryIsSeenAtItsPhysicalAddresses() throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    #expect(shadow.isIdentity == true)
    #expect(shadow.fault(at: 0x5123, writeByKernel, in: &machine) == .filled)
    #expect(shown(shadow, 0x5000, in: machine)?.frame == machine.frame(ofPage: 5))
    #expect(
      shadow.fault(at: 0x11000, readByKernel, in: &machine)
        == .killed(GuestMistake(.badAddress, 0x11000)))
  }

  @Test func aPageIsShownWritableOnlyAfterAWriteMarkedItDirty() throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    machine.mapInGuest(0x40_0000, to: 9, flags: allowed, root: root, table: table)
    #expect(shadow.use(guestRoot: root, in: &machine) == nil)
    #expect(shadow.fault(at: 0x40_0010, readByProgram, in: &machine) == .filled)
    #expect(shown(shadow, 0x40_0000, in: machine)?.access == [.read, .execute])
    #expect(machine.load32(table) & 0x60 == GuestEntry.accessed)
    #expect(shadow.fault(at: 0x40_0010, writeByProgram, in: &machine) == .filled)
    #expect(shown(shadow, 0x40_0000, in: machine)?.access == [.read, .write, .execute])
    #expect(machine.load32(table) & 0x60 == GuestEntry.accessed | GuestEntry.dirty)
  }

  private static let forbidden: [(flags: UInt32, access: GuestAccess)] = [
    (0x5, writeByKernel), (0x3, readByProgram), (0x6, readByKernel),
  ]

  @Test(arguments: forbidden)
  func whatTheGuestForbidsIsItsOwnFault(flags: UInt32, access: GuestAccess) throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    machine.mapInGuest(0x40_0000, to: 9, flags: flags, root: root, table: table)
    #expect(shadow.use(guestRoot: root, in: &machine) == nil)
    #expect(shadow.fault(at: 0x40_0000, access, in: &machine) == .reflected(isPresent: flags & 1 != 0))
    #expect(shadow.statistics.reflections == 1)
  }

  @Test func aProgramThatTouchesTheHostsPartIsItsKernelsToEnd() throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    #expect(shadow.use(guestRoot: root, in: &machine) == nil)
    let switcher = GuestData.switcherAddress
    #expect(shadow.fault(at: switcher, readByProgram, in: &machine) == .reflected(isPresent: false))
    #expect(
      shadow.fault(at: switcher, readByKernel, in: &machine) == .killed(.init(.switcherTouched, switcher)))
  }

  @Test func aGuestThatShowsTooMuchLosesItsShadowsAndGoesOn() throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    // One table in every entry of the root: 1 GiB of addresses that show the same pages.
    for index in UInt32(0)..<256 { machine.store32(table | 7, root + index * 4) }
    for index in UInt32(0)..<1_024 { machine.store32(9 << 12 | 7, table + index * 4) }
    #expect(shadow.use(guestRoot: root, in: &machine) == nil)
    machine.tablesLeft = 20
    for step in UInt32(0)..<512 {
      #expect(shadow.fault(at: step << 21, writeByKernel, in: &machine) == .filled)
    }
    #expect(shadow.statistics.reclaims > 10)
    let own = machine.ownFrames
    #expect(shadow.firstViolation(in: machine) { !own.contains($0.rawValue) } == nil)
    shadow.release(in: &machine)
    #expect(machine.tables.isEmpty)
  }

  /// Whichever table is the one that cannot be had: the guest is refused or goes on, and nothing is lost.
  @Test(arguments: 0..<40)
  func noTableIsLostWhenTheNextIsRefused(left: Int) throws {
    var machine = FakeMachine(ramPages: 16)
    machine.tablesLeft = left
    guard var shadow = try? Shadow(format: PAEFormat(noExecute: false), in: &machine) else {
      #expect(machine.tables.isEmpty)
      return
    }
    for index in UInt32(0)..<16 { machine.store32(table | 7, root + index * 4) }
    for index in UInt32(0)..<1_024 { machine.store32(9 << 12 | 7, table + index * 4) }
    for round in UInt32(0)..<4 {
      guard shadow.use(guestRoot: root + round % 2 * 0x4000, in: &machine) == nil else { break }
      for step in UInt32(0)..<16 { _ = shadow.fault(at: step << 22, readByKernel, in: &machine) }
    }
    shadow.release(in: &machine)
    #expect(machine.tables.isEmpty)
    #expect(machine.tablesLeft == left)
  }

  @Test func rightsThatOnlyTheTopEntryDeniesAreDenied() throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    machine.mapInGuest(0x40_0000, to: 9, flags: allowed, root: root, table: table)
    machine.store32(table | 0x5, root + 4)
    #expect(shadow.use(guestRoot: root, in: &machine) == nil)
    #expect(shadow.fault(at: 0x40_0000, writeByKernel, in: &machine) == .reflected(isPresent: true))
  }

  @Test func mistakesInTablesEndTheGuest() throws {
    let cases: [(entryAddress: UInt32, entry: UInt32, kind: GuestMistake.Kind)] = [
      (root + 4, 0x83, .largePage), (root + 4, table | 0x103, .badRootEntryFlags),
      (root + 4, 0x1000_0007, .frameOutOfRange), (table, 0x1000_0007, .frameOutOfRange),
      (table, 0x9087, .largePage), (table, 0xFFFF_F007, .frameOutOfRange),
    ]
    for (entryAddress, entry, kind) in cases {
      var machine = FakeMachine(ramPages: 16)
      var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
      machine.mapInGuest(0x40_0000, to: 9, flags: allowed, root: root, table: table)
      machine.store32(entry, entryAddress)
      #expect(shadow.use(guestRoot: root, in: &machine) == nil)
      guard case .killed(let mistake) = shadow.fault(at: 0x40_0000, readByKernel, in: &machine) else {
        Issue.record("\(kind): the guest went on")
        continue
      }
      #expect(mistake.kind == kind)
    }
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    #expect(shadow.use(guestRoot: 0xFFFF_F000, in: &machine)?.kind == .badRoot)
    #expect(
      shadow.fault(at: 0xFFC0_0000, readByKernel, in: &machine)
        == .killed(GuestMistake(.switcherTouched, 0xFFC0_0000)))
  }

  @Test func kernelPagesAreFilledOnceForAllRoots() throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    #expect(shadow.setKernelAddress(0xC000_0000, in: &machine) == nil)
    for root in [root, otherRoot] {
      machine.mapInGuest(0xC000_0000, to: 9, flags: 0x3, root: root, table: table)
    }
    #expect(shadow.use(guestRoot: root, in: &machine) == nil)
    #expect(shadow.fault(at: 0xC000_0000, writeByKernel, in: &machine) == .filled)
    #expect(shadow.use(guestRoot: otherRoot, in: &machine) == nil)
    #expect(shown(shadow, 0xC000_0000, in: machine)?.frame == machine.frame(ofPage: 9))
    // The host's own part is in every root.
    #expect(shown(shadow, 0xFFC0_0000, in: machine)?.frame == FakeMachine.switcherFrame)
    // A change of a kernel page counts for every root.
    machine.mapInGuest(0xC000_0000, to: 10, flags: 0x63, root: root, table: table)
    #expect(
      shadow.setPageEntry(guestRoot: root, address: 0xC000_0000, entry: 0xA063, in: &machine) == nil)
    #expect(shown(shadow, 0xC000_0000, in: machine)?.frame == machine.frame(ofPage: 10))
    #expect(shadow.use(guestRoot: root, in: &machine) == nil)
    #expect(shown(shadow, 0xC000_0000, in: machine)?.frame == machine.frame(ofPage: 10))
  }

  @Test func flushesForgetAndTheStackStays() throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    #expect(shadow.setKernelAddress(0xC000_0000, in: &machine) == nil)
    machine.mapInGuest(0x40_0000, to: 9, flags: allowed, root: root, table: table)
    machine.mapInGuest(0xC000_0000, to: 10, flags: 0x3, root: root, table: otherTable)
    machine.mapInGuest(0xC000_1000, to: 11, flags: 0x3, root: root, table: otherTable)
    #expect(shadow.use(guestRoot: root, in: &machine) == nil)
    #expect(shadow.setStack(top: 0xC000_2000, pageCount: 2, in: &machine) == nil)
    #expect(shadow.fault(at: 0x40_0000, readByProgram, in: &machine) == .filled)
    shadow.flushUser(in: &machine)
    #expect(shown(shadow, 0x40_0000, in: machine) == nil)
    #expect(shown(shadow, 0xC000_0000, in: machine)?.access == [.read, .write, .execute])
    #expect(shadow.flushAllAndPin(in: &machine) == nil)
    #expect(shown(shadow, 0xC000_1000, in: machine)?.access == [.read, .write, .execute])
    #expect(shadow.setStack(top: 0xC000_5000, pageCount: 1, in: &machine)?.kind == .stackNotMapped)
  }

  @Test func theRootNotUsedForLongestGivesWay() throws {
    var machine = FakeMachine(ramPages: 32)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    for index in 0..<UInt32(Shadow.rootCount + 1) {
      #expect(shadow.use(guestRoot: 0x1_0000 + index << 12, in: &machine) == nil)
    }
    #expect(shadow.statistics.rootMisses == UInt64(Shadow.rootCount + 1))
    // The first shadow was the identity view's, so one of the guest's roots had to go: the oldest.
    #expect(shadow.statistics.evictions == 1)
    #expect(shadow.use(guestRoot: 0x1_1000, in: &machine) == nil)
    #expect(shadow.statistics.rootHits == 1)
    #expect(shadow.use(guestRoot: 0x1_0000, in: &machine) == nil)
    #expect(shadow.statistics.rootHits == 1)
  }

  @Test func everyTableComesBackWhateverAllocationFails() throws {
    for budget in 0..<40 {
      var machine = FakeMachine(ramPages: 64)
      machine.tablesLeft = budget
      guard var shadow = try? Shadow(format: PAEFormat(noExecute: false), in: &machine) else {
        #expect(machine.tables.isEmpty, "budget \(budget)")
        continue
      }
      var step: GuestMistake?
      for index in 0..<UInt32(8) where step == nil {
        let root = 0x1_0000 + index << 12
        machine.mapInGuest(index << 22, to: 5, flags: allowed, root: root, table: 0x2_0000 + index << 12)
        step = shadow.use(guestRoot: root, in: &machine)
        if step == nil,
          case .killed(let mistake) = shadow.fault(at: index << 22, writeByProgram, in: &machine)
        {
          step = mistake
        }
      }
      if let step { #expect(step.kind == .outOfTables) }
      shadow.release(in: &machine)
      #expect(machine.tables.isEmpty, "budget \(budget)")
      #expect(machine.tablesLeft == budget)
    }
  }

  /// Guests that change their tables, tell of it, and use addresses at random.
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func aShadowNeverShowsMoreThanTheGuestsTables(seed: UInt64) throws {
    print("seed of the shadow model: \(seed)")
    var random = SeededGenerator(seed: seed)
    var machine = FakeMachine(ramPages: 64)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    #expect(shadow.setKernelAddress(0xC000_0000, in: &machine) == nil)
    let roots: [UInt32] = (0..<12).map { 0x1_0000 + $0 << 12 }
    var current = roots[0]
    // Each root has tables of its own for programs; the kernel's table is the same in all.
    for (index, root) in roots.enumerated() {
      machine.store32(0x2_0000 + UInt32(index) << 12 | 0x7, root + 4)
      machine.store32(0x3_0000 | 0x3, root + 0xC00)
    }
    #expect(shadow.use(guestRoot: current, in: &machine) == nil)
    for _ in 0..<1_500 {
      let isKernel = Bool.random(using: &random)
      let address = (isKernel ? 0xC000_0000 : 0x40_0000) + UInt32.random(in: 0..<16, using: &random) << 12
      switch UInt32.random(in: 0..<10, using: &random) {
      case 0:
        current = roots.randomElement(using: &random)!
        #expect(shadow.use(guestRoot: current, in: &machine) == nil)
      case 1, 2:
        let target = roots.randomElement(using: &random)!
        let entry =
          UInt32.random(in: 0..<64, using: &random) << 12 | UInt32.random(in: 0..<8, using: &random)
          | (Bool.random(using: &random) ? 0x20 : 0)
        machine.store32(
          entry, machine.load32(target + (address >> 22) * 4) & ~0xFFF | (address >> 12 & 0x3FF) * 4)
        #expect(
          shadow.setPageEntry(guestRoot: target, address: address, entry: entry, in: &machine) == nil)
      case 3: shadow.flushUser(in: &machine)
      case 4 where Bool.random(using: &random): shadow.flushAll(in: &machine)
      default:
        let access = GuestAccess(isWrite: .random(using: &random), isUser: .random(using: &random))
        let entry = machine.load32(
          machine.load32(current + (address >> 22) * 4) & ~0xFFF | (address >> 12 & 0x3FF) * 4)
        let isAllowed =
          entry & 1 != 0 && (!access.isWrite || entry & 2 != 0)
          && (!access.isUser || (entry & 4 != 0 && !isKernel))
        #expect(
          shadow.fault(at: address, access, in: &machine)
            == (isAllowed ? .filled : .reflected(isPresent: entry & 1 != 0)))
        if isAllowed {
          let found = shown(shadow, address, in: machine)
          let page = try #require(found)
          #expect(page.frame == machine.frame(ofPage: entry >> 12))
          #expect(!access.isWrite || page.access.contains(.write))
        }
      }
      expectNoMore(shadow, root: current, in: machine)
    }
    let own = machine.ownFrames
    #expect(shadow.firstViolation(in: machine) { !own.contains($0.rawValue) } == nil)
    shadow.release(in: &machine)
    #expect(machine.tables.isEmpty)
  }

  /// Whether all that the present shadow shows is allowed by the guest's tables.
  private func expectNoMore(
    _ shadow: borrowing Shadow, root: UInt32, in machine: borrowing FakeMachine
  ) {
    for base: UInt32 in [0x40_0000, 0xC000_0000] {
      for page: UInt32 in 0..<16 {
        guard let mapping = shown(shadow, base + page << 12, in: machine) else { continue }
        let entry = machine.load32(
          machine.load32(root + (base >> 22) * 4) & ~0xFFF | ((base >> 12 & 0x3FF) + page) * 4)
        #expect(entry & 1 == 1)
        #expect(mapping.frame == machine.frame(ofPage: entry >> 12))
        #expect(!mapping.access.contains(.write) || entry & 0x42 == 0x42)
        #expect(!mapping.attributes.isUser || entry & 4 != 0)
      }
    }
  }

  @Test func theAuditorFindsAForeignFrame() throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    #expect(shadow.fault(at: 0x5000, writeByKernel, in: &machine) == .filled)
    let own = machine.ownFrames
    #expect(shadow.firstViolation(in: machine) { !own.contains($0.rawValue) } == nil)
    _ = try PageTable(format: PAEFormat(noExecute: false), root: shadow.root)
      .remap(
        VirtualAddress(0x6000), to: FrameNumber(3), PageAttributes([.read]), in: &machine)
    let found = shadow.firstViolation(in: machine) { !own.contains($0.rawValue) }
    #expect(found == ShadowViolation(address: 0x6000, frame: FrameNumber(3)))
  }

  @Test func theAuditorFindsARootThatDoesNotShare() throws {
    var machine = FakeMachine(ramPages: 16)
    var shadow = try Shadow(format: PAEFormat(noExecute: false), in: &machine)
    let own = machine.ownFrames
    // The entry of the top that leads to the kernel's part.
    machine.store(machine.load(shadow.root, 3) ^ 0x1000, shadow.root, 3)
    #expect(
      shadow.firstViolation(in: machine) { !own.contains($0.rawValue) }
        == ShadowViolation(address: 0xC000_0000, frame: shadow.root))
  }
}
