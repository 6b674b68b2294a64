import Testing
import X86

@Test func flatDescriptorsHaveTheManualsBytes() {
  #expect(SegmentDescriptor.flatCode32(ring: 0).rawValue == 0x00cf_9b00_0000_ffff)
  #expect(SegmentDescriptor.flatData(ring: 0).rawValue == 0x00cf_9300_0000_ffff)
  #expect(SegmentDescriptor.flatCode32(ring: 3).rawValue == 0x00cf_fb00_0000_ffff)
  #expect(SegmentDescriptor.flatData(ring: 3).rawValue == 0x00cf_f300_0000_ffff)
  #expect(SegmentDescriptor.code64(ring: 0).rawValue == 0x00af_9b00_0000_ffff)
  #expect(SegmentDescriptor.code64(ring: 3).rawValue == 0x00af_fb00_0000_ffff)
}

@Test func aTaskStateDescriptorSpreadsItsBase() {
  #expect(SegmentDescriptor.taskState(base: 0x1234_5678, limit: 0x67).rawValue == 0x1200_8934_5678_0067)
  #expect(SegmentDescriptor.taskStateUpperHalf(base: 0x4000_1234_5678).rawValue == 0x4000)
}

@Test func interruptGatesHaveTheManualsBytes() {
  #expect(InterruptGate32.interrupt(offset: 0xC012_3456, selector: 0x60).rawValue == 0xC012_8E00_0060_3456)
  #expect(InterruptGate32.interrupt(offset: 0, selector: 0x60, ring: 3).rawValue == 0x0000_EE00_0060_0000)
  #expect(InterruptGate32.task(selector: 0xF8).rawValue == 0x0000_8500_00F8_0000)
  let gate = InterruptGate64.interrupt(offset: 0x4000_1234_5678, selector: 0x10, stack: 1)
  #expect(gate.low == 0x1234_8E01_0010_5678)
  #expect(gate.high == 0x4000)
}

@Test func taskStatesAre104BytesWithoutAPortBitmap() {
  #expect(MemoryLayout<TaskState32>.size == 104)
  #expect(MemoryLayout<TaskState64>.size == 104)
  #expect(MemoryLayout<TaskState32>.offset(of: \.esp1) == 12)
  #expect(MemoryLayout<TaskState32>.offset(of: \.cr3) == 28)
  #expect(MemoryLayout<TaskState32>.offset(of: \.eflags) == 36)
  #expect(MemoryLayout<TaskState32>.offset(of: \.esp) == 56)
  #expect(MemoryLayout<TaskState32>.offset(of: \.gs) == 92)
  #expect(MemoryLayout<TaskState32>.offset(of: \.trapAndBitmapBase) == 100)
  #expect(TaskState32().trapAndBitmapBase >> 16 == 104)
}

@Test func stacksOfALongModeTaskStateLieWhereTheManualSays() {
  var state = TaskState64()
  state.rsp0 = 0x1111_2222_3333_4444
  state[interruptStack: 1] = 0xAAAA_BBBB_CCCC_DDDD
  state[interruptStack: 7] = 0x0123_4567_89AB_CDEF
  let bytes = withUnsafeBytes(of: state) { Array($0) }
  #expect(bytes[4..<12] == [0x44, 0x44, 0x33, 0x33, 0x22, 0x22, 0x11, 0x11])
  #expect(bytes[36..<40] == [0xDD, 0xDD, 0xCC, 0xCC])
  #expect(bytes[84..<92] == [0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01])
  #expect(state.rsp0 == 0x1111_2222_3333_4444)
  #expect(state[interruptStack: 7] == 0x0123_4567_89AB_CDEF)
}

@Test func trapFramesAreAsTheStubsPushThem() {
  #expect(MemoryLayout<TrapFrame32>.offset(of: \.vector) == 48)
  #expect(MemoryLayout<TrapFrame32>.offset(of: \.eip) == 56)
  #expect(MemoryLayout<TrapFrame32>.offset(of: \.espOfOuterRing) == TrapFrame32.sizeWithinRing)
  #expect(MemoryLayout<TrapFrame64>.offset(of: \.vector) == 15 * 8)
  #expect(MemoryLayout<TrapFrame64>.offset(of: \.rip) == 17 * 8)
  #expect(MemoryLayout<TrapFrame64>.size == 22 * 8)
}

@Test func errorCodesComeWithTheVectorsThatTheManualLists() {
  let withCode: Set<UInt8> = [8, 10, 11, 12, 13, 14, 17, 21, 29, 30]
  for vector in UInt8(0)..<32 {
    #expect(ExceptionVector(rawValue: vector)?.hasErrorCode == withCode.contains(vector))
  }
  #expect(ExceptionVector(rawValue: 32) == nil)
}

@Test func pageFaultsAreDecodedIntoWords() {
  #expect(PageFaultError(rawValue: 0b00010).accessName.description == "write")
  #expect(PageFaultError(rawValue: 0b10001).accessName.description == "execution")
  #expect(PageFaultError(rawValue: 0b00001).causeName.description == "not allowed")
  #expect(PageFaultError(rawValue: 0b00000).causeName.description == "not present")
}

/// 82093AA data sheet, 3.2.4: vector in bits 0 to 7, polarity 13, trigger 15, mask 16, destination 56 to 63.
@Test func redirectionEntriesAreEncodedAsTheDataSheetSays() {
  #expect(RedirectionEntry.masked.rawValue == 0x1_0000)
  let edge = RedirectionEntry(
    vector: 0x24, destination: 1, isActiveLow: false, isLevelTriggered: false, isMasked: false)
  #expect(edge.rawValue == 0x0100_0000_0000_0024)
  let level = RedirectionEntry(
    vector: 0x29, destination: 0, isActiveLow: true, isLevelTriggered: true, isMasked: true)
  #expect(level.rawValue == 0x1_A029)
}
