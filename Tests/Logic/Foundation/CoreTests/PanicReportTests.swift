import Base
import Core
import Log
import Testing

private struct Registers: RegisterList {
  let names: [StaticString] = ["rax", "rbx", "rcx", "rdx", "rip"]
  var registerCount: Int { names.count }
  func registerName(_ index: Int) -> StaticString { names[index] }
  func registerValue(_ index: Int) -> UInt { UInt(index) }
  var instructionPointer: VirtualAddress { VirtualAddress(0x4000_0010_1234) }
  var framePointer: UInt { 0x1000 }
}

@Test func aPanicReportHasReasonRegistersBacktraceAndLog() {
  var log = Log(output: Recorder(), threshold: .error)
  log.write(.debug, "test", at: LogStamp(microseconds: 7, processor: 0), "before")
  let memory = StackOfWords(base: 0x1000, words: [0, 0x4000_0010_5678])
  PanicReport.show(
    reason: "it broke", registers: Registers(), framePointer: 0x1000, memory: memory, on: &log)
  let shown = log.output.text
  #expect(
    shown == """

      panic: it broke
        registers:
          rax 0000000000000000    rbx 0000000000000001    rcx 0000000000000002    rdx 0000000000000003
          rip 0000000000000004
        backtrace:
        #0 0x0000400000101234
        #1 0x0000400000105678
        last lines of the log:
          [    0.000007] cpu0 debug test: before

      """)
}
