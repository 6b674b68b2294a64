import Processes
import Testing

/// asm-generic/siginfo.h: CLD_EXITED 1, CLD_KILLED 2, CLD_STOPPED 5, CLD_CONTINUED 6.
@Suite struct ExitStatusTests {
  @Test func everyEndOfAProgramIsReportedWithItsNumber() {
    for code in Int32(0)...255 { #expect(ExitStatus.exited(code).childReport == (1, code)) }
    #expect(ExitStatus.exited(256 + 7).childReport == (1, 7))
  }

  @Test func everySignalThatEndsOrStopsIsReported() {
    for signal in Int32(1)...64 {
      #expect(ExitStatus.killed(by: signal).childReport == (2, signal))
      #expect(ExitStatus.stopped(by: signal).childReport == (5, signal))
    }
  }

  @Test func goingOnIsReportedAsTheSignalThatBringsIt() {
    #expect(ExitStatus.continued.childReport == (6, 18))
  }
}
