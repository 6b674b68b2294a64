import LinuxABI
import Signals
import Testing

@Suite struct ProcessorFaultTests {
  /// What Linux 6.1 sends by arch/x86/kernel/traps.c and asm-generic/siginfo.h.
  @Test(
    arguments: [
      (0, 8, 1), (1, 5, 2), (3, 5, 0x80), (4, 11, 0x80), (5, 11, 0x80), (6, 4, 2), (11, 7, 0x80),
      (12, 7, 0x80),
      (13, 11, 0x80), (17, 7, 1),
    ] as [(UInt8, UInt8, Int32)])
  func everyExceptionHasTheSignalOfLinux(vector: UInt8, signal: UInt8, code: Int32) throws {
    let found = try #require(ProcessorFault.signal(of: vector))
    #expect(found.0.rawValue == signal)
    #expect(found.code == code)
  }

  @Test func floatingPointSaysItselfWhatWasWrong() {
    for vector in 0..<UInt8(32) {
      #expect((ProcessorFault.signal(of: vector) == nil) == (vector == 16 || vector == 19))
    }
  }
}

@Suite struct SignalBitTests {
  @Test func everySignalHasItsOwnBit() throws {
    for number in 1...64 {
      let signal = try #require(SignalNumber(rawValue: number))
      #expect(signal.mask == UInt64(1) << UInt64(number - 1))
    }
  }
}
