import FloatingPoint
import Testing

/// A state of `fxsave` with these x87 registers in use, top of stack, and first register.
private func state(inUse: UInt8, top: UInt8, registers: [[UInt8]] = []) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 512)
  (bytes[0], bytes[1]) = (0x7F, 0x03)
  bytes[3] = top << 3
  bytes[4] = inUse
  for (index, value) in registers.enumerated() {
    bytes.replaceSubrange(32 + 16 * index..<42 + 16 * index, with: value)
  }
  return bytes
}

private let one: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x3F]
private let zero = [UInt8](repeating: 0, count: 10)
private let infinity: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x7F]

/// Tags by the table of the Intel SDM, volume 1, 8.1.7: 0 valid, 1 zero, 2 special, 3 empty.
@Test func tagsSayWhatIsInEachRegister() {
  // Three pushes: registers 7, 6 and 5; the stack begins at 5.
  let new = state(inUse: 0b1110_0000, top: 5, registers: [one, zero, infinity])
  var old = [UInt8](repeating: 0xAA, count: LegacyState.size)
  var span = old.mutableSpan
  LegacyState.write(new.span, to: &span)
  let tags = UInt16(old[8]) | UInt16(old[9]) << 8
  #expect(tags >> 10 & 3 == 0 && tags >> 12 & 3 == 1 && tags >> 14 & 3 == 2)
  #expect(tags & 0x3FF == 0x3FF)
  #expect(Array(old[28..<38]) == one && Array(old[110..<112]) == [0, 0])
}

@Test func theOldFormComesBackAsItWas() {
  var new = state(inUse: 0b1010_0001, top: 3, registers: [one, infinity, zero, one])
  for index in 6..<24 { new[index] = UInt8(index) }
  (new[14], new[15], new[22], new[23]) = (0, 0, 0, 0)
  var old = [UInt8](repeating: 0, count: LegacyState.size)
  var header = old.mutableSpan
  LegacyState.write(new.span, to: &header)
  var back = state(inUse: 0, top: 0)
  var span = back.mutableSpan
  LegacyState.read(old.span, into: &span)
  #expect(back[..<24] == new[..<24])
  #expect(back[32..<160] == new[32..<160])
}

private let whole = StateLayout(hasFXSave: true, available: 7) { _ in 832 }
private let short = StateLayout(hasFXSave: true, available: 0) { _ in 0 }

@Test func bitsThatMXCSRHasNotAreRefused() {
  for layout in [whole, short] {
    var bytes = [UInt8](repeating: 0, count: layout.size)
    bytes[26] = 1
    var span = bytes.mutableSpan
    #expect(!layout.admit(&span, isWhole: true, allowedMXCSR: 0xFFFF))
    bytes[26] = 0
    bytes[24] = 0x80
    span = bytes.mutableSpan
    #expect(layout.admit(&span, isWhole: true, allowedMXCSR: 0xFFFF))
  }
}

/// What `xrstor` would fault on: parts that there are not, the compact form, what is reserved.
@Test func nothingIsLeftThatCanNotBeLoaded() {
  var bytes = [UInt8](repeating: 0xFF, count: whole.size)
  for index in 24..<28 { bytes[index] = 0 }
  var span = bytes.mutableSpan
  #expect(whole.admit(&span, isWhole: true, allowedMXCSR: 0xFFFF))
  #expect(bytes[512] == 7 && bytes[513..<576].allSatisfy { $0 == 0 })
  bytes[512] = 0xFF
  span = bytes.mutableSpan
  #expect(whole.admit(&span, isWhole: false, allowedMXCSR: 0xFFFF))
  #expect(bytes[512] == 3)
}

/// Linux, arch/x86/include/uapi/asm/sigcontext.h: `struct _fpx_sw_bytes`.
@Test func aWholeStateIsMarkedAsLinuxDoes() {
  #expect(whole.frameSize == 836 && short.frameSize == 512)
  #expect([464, 468, 472, 476, 480].map { whole.mark(at: $0) } == [0x4650_5853, 836, 7, 0, 832])
  #expect(short.mark(at: 464) == nil)
}

/// FPE_FLTINV 7, FPE_FLTDIV 3, FPE_FLTOVF 4, FPE_FLTUND 5, FPE_FLTRES 6 (asm-generic/siginfo.h).
@Test(arguments: [(1, 7), (4, 3), (8, 4), (16, 5), (2, 5), (32, 6), (0, 0)] as [(UInt32, Int32)])
func eachExceptionHasItsCode(raised: UInt32, code: Int32) {
  #expect(FloatingPointFault.code(raised: raised, masked: 0) == code)
  #expect(FloatingPointFault.code(raised: raised, masked: 0x3F) == 0)
}
