import Launch
import Testing

private func sample(_ instruction: UInt64, interrupts: Bool = false, halted: Bool = false) -> RegisterSample {
  RegisterSample(processors: [
    .init(instruction: instruction, takesInterrupts: interrupts, isHalted: halted)
  ])
}

@Test func theThirdHaltWithoutInterruptsIsAHang() {
  var detector = HangDetector()
  let first = detector.add(sample(0x10, halted: true), at: 0)
  let second = detector.add(sample(0x10, halted: true), at: 0.25)
  let third = detector.add(sample(0x10, halted: true), at: 0.5)
  #expect(first == nil)
  #expect(second == nil)
  #expect(third == "every processor halts with interrupts off, at 0x10")
}

@Test func anIdleGuestIsNeverHung() {
  var detector = HangDetector()
  for step in 0..<1000 {
    let verdict = detector.add(sample(0x10, interrupts: true, halted: true), at: Double(step))
    #expect(verdict == nil)
  }
}

@Test func outputInBetweenStartsTheCountAnew() {
  var detector = HangDetector()
  for _ in 0..<10 {
    let first = detector.add(sample(0x10, halted: true), at: 0)
    let second = detector.add(sample(0x10, halted: true), at: 1)
    #expect(first == nil && second == nil)
    detector.reset()
  }
}

@Test func aShortLoopIsAHangOnlyAfterItsPatience() {
  var detector = HangDetector(patience: 5)
  var verdicts: [String?] = []
  for step in 0...20 {
    verdicts.append(detector.add(sample(0x1000 + UInt64(step % 3) * 20), at: Double(step) / 4))
  }
  #expect(verdicts.dropLast().allSatisfy { $0 == nil })
  #expect(verdicts.last??.contains("one short loop") == true)
}

@Test func codeThatMovesOnIsAtWork() {
  var detector = HangDetector(patience: 5)
  for step in 0..<100 {
    let verdict = detector.add(sample(0x1000 + UInt64(step) * 70), at: Double(step))
    #expect(verdict == nil)
  }
}

@Test func oneLivelyProcessorKeepsTheMachineAlive() {
  var detector = HangDetector()
  let machine = RegisterSample(processors: [
    .init(instruction: 1, takesInterrupts: false, isHalted: true),
    .init(instruction: 2, takesInterrupts: true, isHalted: true),
  ])
  for step in 0..<100 {
    let verdict = detector.add(machine, at: Double(step))
    #expect(verdict == nil)
  }
}

@Test func registersOfBothWidthsAreRead() {
  let narrow = """
    CPU#0\r
    EAX=00000001 EBX=00000000 ECX=00000000 EDX=00000000\r
    ESI=00000000 EDI=00000000 EBP=00000000 ESP=00100000\r
    EIP=00100048 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=1\r
    """
  #expect(
    RegisterSample(narrow)?.processors == [
      .init(instruction: 0x100048, takesInterrupts: false, isHalted: true)
    ])
  let wide = """
    CPU#0
    RIP=00004000001020ab RFL=00000202 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0
    CPU#1
    RIP=000000000000fff0 RFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=1
    """
  #expect(
    RegisterSample(wide)?.processors == [
      .init(instruction: 0x4000_0010_20AB, takesInterrupts: true, isHalted: false),
      .init(instruction: 0xFFF0, takesInterrupts: false, isHalted: true),
    ])
  #expect(RegisterSample("nothing") == nil)
  #expect(RegisterSample("EIP=1 HLT=1") == nil)
}
