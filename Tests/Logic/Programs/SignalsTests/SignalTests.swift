import LinuxABI
import Signals
import Testing

@Suite struct SignalTests {
  @Test func defaultActionsAreThoseOfTheManual() {
    func action(_ number: Int) -> DefaultAction { DefaultAction(of: SignalNumber(rawValue: number)!) }
    #expect([1, 2, 9, 10, 13, 14, 15, 34, 64].allSatisfy { action($0) == .terminate })
    #expect([3, 4, 5, 6, 7, 8, 11, 24, 25, 31].allSatisfy { action($0) == .dumpCore })
    #expect([17, 23, 28].allSatisfy { action($0) == .ignore })
    #expect([19, 20, 21, 22].allSatisfy { action($0) == .stop })
    #expect(action(18) == .goOn)
  }

  @Test func faultsAreTakenFirstThenTheLowestNumber() {
    var pending = PendingSignals()
    for signal in [SignalNumber.terminate, .segmentation, .hangUp] {
      pending.insert(signal, SignalInformation(code: Int32(signal.rawValue)))
    }
    #expect(pending.take(.max)?.0 == .segmentation)
    #expect(pending.take(~SignalNumber.hangUp.mask)?.0 == .terminate)
    #expect(pending.take(~SignalNumber.hangUp.mask) == nil)
    #expect(pending.take(.max)?.1.code == 1)
  }

  @Test func theFirstOfSeveralIsKept() {
    var pending = PendingSignals()
    pending.insert(.user1, SignalInformation(code: 0, process: 5))
    pending.insert(.user1, SignalInformation(code: 0, process: 6))
    #expect(pending.take(.max)?.1.process == 5)
    #expect(pending.take(.max) == nil)
  }

  @Test func signalsFromThirtyTwoOnAreAllKept() throws {
    var pending = PendingSignals()
    let (first, second) = (try #require(SignalNumber(rawValue: 40)), try #require(SignalNumber(rawValue: 35)))
    var isKept = true
    for value in 1...3 as ClosedRange<UInt64> {
      for (signal, factor) in [(first, 1), (second, 10)] as [(SignalNumber, UInt64)] {
        isKept = pending.insert(signal, SignalInformation(code: -1, value: factor * value)) && isKept
      }
    }
    #expect(isKept)
    var taken: [UInt64] = []
    while let (_, information) = pending.take(.max) { taken.append(information.value) }
    #expect(taken == [10, 20, 30, 1, 2, 3])
  }

  @Test func aFullQueueRefusesAndForgettingMakesRoom() throws {
    var pending = PendingSignals()
    let signal = try #require(SignalNumber(rawValue: 64))
    let information = SignalInformation(code: -1)
    var kept = 0
    while pending.insert(signal, information) { kept += 1 }
    #expect(kept == 33)
    // One of another kind needs no room, and those below 32 never do.
    let others = [pending.insert(.user1, information), pending.insert(.user1, information)]
    #expect(others == [true, true])
    pending.remove(signal.mask)
    let left = pending.set
    #expect(left == SignalNumber.user1.mask)
    let again = [pending.insert(signal, information), pending.insert(signal, information)]
    #expect(again == [true, true])
  }

  @Test func aFrameMayChangeBetweenTheTwoCodeSegmentsOfPrograms() {
    var bytes = [UInt8](repeating: 0, count: 440)
    bytes[48 + 144] = 0x23
    var now = ProgramRegisters()
    now.cs = 0x33
    #expect(SignalFrame.read(.x86_64, from: bytes.span, current: now).registers.cs == 0x23)
    bytes[48 + 144] = 0x10
    #expect(SignalFrame.read(.x86_64, from: bytes.span, current: now).registers.cs == 0x33)
  }

  @Test func anotherProgramKeepsWhatIsIgnored() {
    var actions = SignalActions()
    actions[.hangUp].handler = 1
    actions[.interrupt].handler = 0x1234
    actions.resetForExecution()
    let (hangUp, interrupt) = (actions[.hangUp], actions[.interrupt])
    #expect(hangUp.isIgnored && interrupt.isDefault)
    let ignored = [SignalNumber.hangUp, .child, .interrupt].map { actions.ignores($0) }
    #expect(ignored == [true, true, false])
  }

  @Test(arguments: [SignalFrame.Kind.x86_64, .i386WithInformation, .i386])
  func whatIsWrittenComesBack(kind: SignalFrame.Kind) throws {
    var registers = ProgramRegisters()
    (registers.ax, registers.bx, registers.cx, registers.dx) = (1, 2, 3, 4)
    (registers.si, registers.di, registers.bp, registers.sp) = (5, 6, 7, 0x9000)
    if kind == .x86_64 {
      (registers.r8, registers.r9, registers.r10, registers.r11) = (8, 9, 10, 11)
      (registers.r12, registers.r13, registers.r14, registers.r15) = (12, 13, 14, 15)
      registers.ip = 0x7FFF_1234_5678
    } else {
      (registers.gs, registers.ds, registers.es) = (0x33, 0x7B, 0x7B)
      registers.ip = 0x0804_8000
    }
    registers.flags = 0x246
    var stack = AlternateStack()
    (stack.start, stack.size) = (0x5000, 0x2000)
    let frame = try #require(SignalFrame(kind, below: 0x9000, stateSize: 512, keepsRedZone: true))
    #expect(
      frame.state % 64 == 0 && frame.state + 512 <= 0x9000 && frame.address + UInt64(kind.size) <= frame.state
    )
    #expect(kind == .x86_64 ? frame.address % 16 == 8 : frame.address % 16 == 12)
    var bytes = [UInt8](repeating: 0, count: kind.size)
    let mask: UInt64 = 0x8000_0001_0000_0010
    var span = bytes.mutableSpan
    frame.write(
      .init(
        .user1, SignalInformation(code: 0, process: 77, user: 3), registers, mask: mask, stack: stack,
        restorer: 0x4444), to: &span)
    var now = ProgramRegisters()
    now.flags = 0x202
    (now.cs, now.ss) = (0x33, 0x2B)
    let back = SignalFrame.read(kind, from: bytes.span, current: now)
    #expect(back.mask == mask && back.state == frame.state)
    var expected = registers
    (expected.cs, expected.ss) = (0x33, 0x2B)
    #expect(back.registers == expected)
    if kind != .i386 { #expect(back.stack == stack) }
  }

  /// Offsets from the kernel's headers (arch/x86/include/uapi/asm/sigcontext.h, ucontext.h), found by compiling them.
  @Test func placesAreThoseThatProgramsKnow() throws {
    var registers = ProgramRegisters()
    (registers.ip, registers.sp, registers.address) = (0x1111_2222, 0x3333_4444, 0x5555_6666)
    let contents = SignalFrame.Contents(
      .segmentation, SignalInformation(code: 1, value: 0x5555_6666), registers, mask: 0,
      stack: AlternateStack(),
      restorer: 0x7777)
    var wide = [UInt8](repeating: 0, count: 440)
    var span = wide.mutableSpan
    try #require(SignalFrame(.x86_64, below: 1 << 20, stateSize: 0, keepsRedZone: false)).write(
      contents, to: &span)
    func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 { bytes.span.number(count: 4, at: offset) }
    #expect(word(wide, 0) == 0x7777)
    // REG_RIP is general register 16 of ucontext_t, whose registers begin at byte 40; REG_CR2 is 22.
    #expect(word(wide, 8 + 40 + 16 * 8) == 0x1111_2222)
    #expect(word(wide, 8 + 40 + 22 * 8) == 0x5555_6666)
    #expect(word(wide, 312) == 11 && word(wide, 312 + 16) == 0x5555_6666)
    var narrow = [UInt8](repeating: 0, count: 268)
    span = narrow.mutableSpan
    try #require(SignalFrame(.i386WithInformation, below: 1 << 20, stateSize: 0, keepsRedZone: false)).write(
      contents, to: &span)
    // REG_EIP is register 14, behind 20 bytes of ucontext_t; si_addr is at byte 12 of siginfo_t.
    #expect(word(narrow, 144 + 20 + 14 * 4) == 0x1111_2222)
    #expect(word(narrow, 16 + 12) == 0x5555_6666)
  }

  @Test func aFrameCanNotChangeWhatIsNotTheProgramsOwn() {
    let bytes = [UInt8](repeating: 0xFF, count: 440)
    var now = ProgramRegisters()
    (now.flags, now.cs, now.ss) = (0x202, 0x33, 0x2B)
    for kind in [SignalFrame.Kind.x86_64, .i386WithInformation, .i386] {
      let back = SignalFrame.read(kind, from: bytes.span.extracting(0..<kind.size), current: now)
      #expect(back.registers.cs == 0x33 && back.registers.ss == 0x2B)
      // Interrupts on, privilege level 0, no nested task, no virtual 8086 mode.
      #expect(back.registers.flags & 0x2_7200 == 0x200)
      #expect(back.mask & SignalSets.unblockable == 0)
    }
  }

  @Test(arguments: [0, 1, 100, 400, 700] as [UInt64])
  func aStackAtTheBottomHasNoRoom(pointer: UInt64) {
    #expect(SignalFrame(.x86_64, below: pointer, stateSize: 512, keepsRedZone: true) == nil)
  }
}
