import Inspection
import Log
import Scheduling
import Testing
import Trace

private func line(_ kind: TraceKind, _ small: UInt16 = 0, _ large: UInt32 = 0, name: StaticString? = nil)
  -> String
{
  let event = TraceEvent(time: 5, kind: kind, small: small, large: large)
  let text = TraceTable.line(event, nanoseconds: 1_234_567, name: name.map { ThreadName($0) })
  return String(decoding: (0..<text.count).map { text[$0] }, as: UTF8.self)
}

@Test func anEventIsOneLine() {
  #expect(
    line(.switching, 2, 7, name: "worker")
      == "         1234567  switch to     7 worker, the other's slice is over")
  #expect(line(.wake, 2, 7) == "         1234567  wake          7, timed out")
  #expect(line(.create, 31, 9, name: "a") == "         1234567  create        9 a, level 31")
  #expect(line(.lock, 4, 0xABC, name: "b") == "         1234567  lock by       4 b at ..00000abc")
  #expect(line(.waitBegin, 3, 0x1000) == "         1234567  wait for      semaphore at ..00001000")
  #expect(line(.interruptBegin, 48) == "         1234567  interrupt     vector 48")
  #expect(line(.timer, 1, 100) == "         1234567  timer         in 100 ticks, the end of a slice")
}

@Test func noEventIsTooMuchForALine() {
  for code in UInt16(0)..<40 {
    for value in [0, 1, 0x7FFF, 0xFFFF] as [UInt16] {
      let kind = TraceKind(rawValue: code) ?? .mark
      let text = line(kind, value, .max, name: "sixteen letters!")
      #expect(text.hasPrefix("         1234567  ") && text.utf8.count < 100)
    }
  }
}
