import Launch
import Testing

@testable import Launch

@Test func symbolizerAnswersAreRead() throws {
  let text = """
    [{"Address":"0x4000001020ab","ModuleName":"k","Symbol":[
      {"Column":0,"FileName":"<compiler-generated>","FunctionName":"Swift runtime failure: Index out of range","Line":0},
      {"Column":3,"FileName":"/p/Kernel/Foundation/Core/A.swift","FunctionName":"$e4Core1ayyF","Line":16}]},
     {"Address":"0x10","ModuleName":"k","Symbol":[{"Column":0,"FileName":"","FunctionName":"","Line":0}]},
     {"Address":"0x20","ModuleName":"k"}]
    """
  let frames = try Symbolizer.parse(text)
  #expect(
    frames[0x4000_0010_20AB] == [
      .init(function: "Swift runtime failure: Index out of range", file: "", line: 0, column: 0),
      .init(function: "$e4Core1ayyF", file: "/p/Kernel/Foundation/Core/A.swift", line: 16, column: 3),
    ])
  #expect(frames[0x10] == [])
  #expect(frames[0x20] == [])
  #expect(throws: (any Error).self) { try Symbolizer.parse("no JSON") }
}

private let known: [UInt64: [Symbolizer.Frame]] = [
  0x1010: [
    .init(function: "Swift runtime failure: arithmetic overflow", file: "", line: 0, column: 0),
    .init(function: "add(_:)", file: "Kernel/A.swift", line: 3, column: 9),
    .init(function: "run()", file: "Kernel/B.swift", line: 7, column: 0),
  ],
  0x101F: [.init(function: "start", file: "", line: 0, column: 0)],
]

private func annotate(_ text: String) -> String {
  PanicReport(text).annotated { known[$0.lookup] ?? [] }
}

@Test func aTrapIsExplainedWithItsReasonAndInlinedCalls() {
  #expect(
    annotate("  #0 0x0000000000001010\n") == """
      \("  #0 0x0000000000001010") trap: arithmetic overflow
             in add(_:) at Kernel/A.swift:3:9
             inlined into run() at Kernel/B.swift:7

      """)
}

@Test func aReturnAddressIsLookedUpInsideItsCall() {
  #expect(annotate("  #1 0x1020\n") == "  #1 0x1020 in start\n")
  #expect(annotate("eip 0x101f cr2 0x0\n") == "eip 0x101f cr2 0x0\n     0x101f in start\n")
}

@Test func severalAddressesAreExplainedBelowTheirLine() {
  #expect(
    annotate("eip 0x101f eax 0x1010 ebx 0x101f\r\n")
      == "eip 0x101f eax 0x1010 ebx 0x101f\r\n     0x101f in start\r\n"
      + "     0x1010 trap: arithmetic overflow\r\n       in add(_:) at Kernel/A.swift:3:9\r\n"
      + "       inlined into run() at Kernel/B.swift:7\r\n")
}

@Test func otherTextStaysAsItIs() {
  for text in [
    "", "plain", "0x", "0xzz\n", "  #0 0x99\n", "panic: no address\n\n", "\r\n\r\n",
    "0x99999999999999999999\n",
  ] {
    #expect(annotate(text) == text)
  }
}

@Test func theExceptionLogIsReadUpToTheTripleFault() {
  let log = ExceptionLog(
    """
    SMM: enter
    check_exception old: 0xffffffff new 0x6
         0: v=06 e=0000 i=0 cpl=0 IP=0008:0000000000100049 pc=0000000000100049 SP=0010:0000000000100000 env->regs[R_EAX]=0000000000000000
    EAX=00000000 EBX=00009500
    check_exception old: 0x6 new 0xe
         1: v=0e e=0002 i=0 cpl=0 IP=0008:0000000000100049 pc=0000000000100049 SP=0010:0000000000100000 CR2=00000000deadbeef
         2: v=20 e=0000 i=0 cpl=0 IP=0008:0000000000100060 pc=0000000000100060 SP=0010:0000000000100000 env->regs[R_EAX]=0
    Triple fault
    """)
  #expect(log.showsTripleFault)
  #expect(log.entries.map(\.vector) == [6, 14, 32])
  #expect(log.last(5).map(\.name) == ["invalid opcode", "page fault"])
  #expect(log.last(1).first?.faultAddress == 0xDEAD_BEEF)
  #expect(
    log.report() == """
        #6 invalid opcode, stack 0x100000, at 0x100049
        #14 page fault, error code 0x2, touching 0xdeadbeef, stack 0x100000, at 0x100049

      """)
  #expect(ExceptionLog("").entries.isEmpty)
}

@Test func escapeKeysAreSplitFromInput() {
  var keys = EscapeKeys()
  let plain = keys.take(Array("ab".utf8))
  #expect(plain == .init(input: Array("ab".utf8)))
  let literal = keys.take([1, 1, 0x63])
  #expect(literal == .init(input: [1, 0x63]))
  let half = keys.take([1])
  #expect(half == .init())
  let end = keys.take([0x78])
  #expect(end == .init(input: [], ends: true))
  let help = keys.take([1, 0x3F])
  #expect(help == .init(input: [], asksForHelp: true))
}

@Test func bochsLogsShowDeadEnds() {
  #expect(BochsLog("00000i[CPU0 ] something").deadEnd == nil)
  #expect(BochsLog("WARNING: HLT instruction with IF=0!").deadEnd != nil)
  #expect(BochsLog(">>PANIC<< exception(): 3rd (13) exception with no resolution").showsTripleFault)
  var evidence = RunEvidence(statusCarriesVerdict: false, termination: .exited(1))
  BochsLog("exception(): 3rd (13) exception with no resolution").complete(&evidence)
  #expect(evidence.outcome == .tripleFault)
}
