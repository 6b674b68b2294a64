import Foundation
import Testing

@testable import Bench

@Test func theLogsAddressesAreReadWithRepetitionsButWithoutRestarts() {
  let log = """
    Trace 0: 0x7f5c8c000100 [0000000000000000/0000400000101020/0040c0b0/ff080201] switch_stack
    Trace 0: 0x7f5c8c000280 [0000000000000000/0000400000112e2a/0040c0b0/ff080201] timer_interrupt
    cpu_io_recompile: rewound execution of TB to 0000400000112e2a
    Trace 0: 0x7f5c8c000400 [0000000000000000/0000400000112e2a/0040c0b0/ff088201] timer_interrupt
    Trace 0: 0x7f5c8c000400 [0000000000000000/0000400000112e2c/0040c0b0/ff088201] timer_interrupt
    Trace 0: 0x7f5c8c000400 [0000000000000000/0000400000112e2c/0040c0b0/ff088201] timer_interrupt
    Trace 0: 0x7f5c8c000580 [0000000000000000/0000400000112e30/0040c0b0/ff080201] timer_interrupt

    """
  #expect(
    ExecutedPath.addresses(inLog: Data(log.utf8)) == [
      0x4000_0010_1020, 0x4000_0011_2E2A, 0x4000_0011_2E2C, 0x4000_0011_2E2C, 0x4000_0011_2E30,
    ])
}

@Test func theWindowIsTheOneThatGoesThroughMostFunctions() {
  // 1 is a reading of the counter; functions are tens. The loop 1 2 3 is as long as the sample of 1 20 30.
  let trace: [UInt64] = [1, 2, 3, 1, 2, 3, 1, 20, 30, 1, 2, 3, 1]
  let window = ExecutedPath.window(in: trace, cost: 3) {
    $0 == 1
  } function: {
    "\($0 / 10)"
  }
  #expect(window == 6..<9)
}

@Test func withoutAWindowOfThatLengthThereIsNone() {
  #expect(
    ExecutedPath.window(in: [1, 2, 1], cost: 5) {
      $0 == 1
    } function: { _ in
      ""
    } == nil)
}
