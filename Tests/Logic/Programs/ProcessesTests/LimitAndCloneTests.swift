import Processes
import Testing

@Suite struct ResourceLimitsTests {
  private static func number(_ limit: Int) -> UInt { UInt(limit) }

  @Test func whoeverIsNobodyMayOnlyLowerAHardLimit() throws {
    var limits = ResourceLimits()
    let stack = Self.number(ResourceLimit.stack)
    try limits.set(stack, soft: 1 << 20, hard: 2 << 20, isSuperuser: false)
    #expect(limits.soft[ResourceLimit.stack] == 1 << 20)
    try limits.set(stack, soft: 2 << 20, hard: 2 << 20, isSuperuser: false)
    #expect(limits.soft[ResourceLimit.stack] == 2 << 20)
    #expect(throws: ProcessError.notPermitted) {
      try limits.set(stack, soft: 1, hard: 2 << 20 + 1, isSuperuser: false)
    }
    #expect(limits.hard[ResourceLimit.stack] == 2 << 20)
    #expect(limits.soft[ResourceLimit.stack] == 2 << 20)
    try limits.set(stack, soft: 1, hard: .max, isSuperuser: true)
    #expect(limits.hard[ResourceLimit.stack] == .max)
  }

  @Test func aSoftLimitIsNeverAboveTheHardOne() {
    var limits = ResourceLimits()
    for number in 0..<UInt(ResourceLimit.count) {
      #expect(throws: ProcessError.badNumber) { try limits.set(number, soft: 2, hard: 1, isSuperuser: true) }
    }
  }

  @Test(arguments: [UInt(ResourceLimit.count), .max]) func aNumberThatNoLimitHasIsRefused(number: UInt) {
    var limits = ResourceLimits()
    #expect(throws: ProcessError.badNumber) { try limits.set(number, soft: 0, hard: 0, isSuperuser: true) }
  }

  @Test func evenTheSuperuserHasNoMoreDescriptorsThanATableHasRoomFor() throws {
    var limits = ResourceLimits()
    let number = Self.number(ResourceLimit.descriptors)
    #expect(throws: ProcessError.notPermitted) {
      try limits.set(number, soft: 1, hard: ResourceLimits.mostDescriptors + 1, isSuperuser: true)
    }
    try limits.set(number, soft: 8, hard: 16, isSuperuser: false)
    try limits.set(number, soft: 8, hard: ResourceLimits.mostDescriptors, isSuperuser: true)
    #expect(limits.hard[ResourceLimit.descriptors] == ResourceLimits.mostDescriptors)
  }
}

/// clone(2): "EINVAL: CLONE_SIGHAND was specified in the flags mask, but CLONE_VM was not" and "CLONE_THREAD was
/// specified in the flags mask, but CLONE_SIGHAND was not".
@Suite struct CloneFlagsTests {
  @Test func everySetOfTheThreeThatMatterIsAsTheManualSays() {
    for choice in 0..<8 {
      var flags: CloneFlags = [.files, .tellParent]
      if choice & 1 != 0 { flags.insert(.memory) }
      if choice & 2 != 0 { flags.insert(.signalHandlers) }
      if choice & 4 != 0 { flags.insert(.thread) }
      let isHandlers = choice & 2 != 0
      let isWrong = isHandlers && choice & 1 == 0 || choice & 4 != 0 && !isHandlers
      #expect(flags.isPossible == !isWrong, "choice \(choice)")
    }
  }

  /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET of linux/sched.h.
  @Test(arguments: [
    0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
  ])
  func thereAreNoNameSpaces(flag: UInt64) {
    #expect(!CloneFlags(rawValue: flag).isPossible)
    #expect(!CloneFlags(rawValue: flag | 0x100).isPossible)
  }

  @Test func forkVforkAndAThreadOfTheLibraryArePossible() {
    #expect(CloneFlags().isPossible)
    #expect(CloneFlags(rawValue: 0x4100).isPossible)
    // What musl's pthread_create asks for.
    #expect(CloneFlags(rawValue: 0x7D_0F00).isPossible)
  }
}
