import Inspection
import Log
import Scheduling
import Testing

private func string(_ text: Text) -> String {
  String(decoding: (0..<text.count).map { text[$0] }, as: UTF8.self)
}

@Test func aThreadIsOneLineUnderItsHeadings() throws {
  let memory = UnsafeMutablePointer<Thread>.allocate(capacity: 2)
  defer { memory.deallocate() }
  let idle = ThreadReference(at: memory)
  let thread = ThreadReference(at: memory + 1)
  var scheduler = Scheduler(idle: idle)
  let level = try #require(PriorityLevel(17))
  scheduler.create(thread, name: ThreadName("console"), level: level, stack: (0x1000, 16_384))
  try scheduler.start(thread)
  scheduler.reschedule()?.account(at: 1_000)
  let row = ThreadRow(thread, isCurrent: true, at: 3_000, stackUsed: 1_832)
  #expect(row.runTicks == 2_000)
  #expect(
    string(ThreadTable.heading)
      == "   id  name              level  base  state        cpu  switches  stack used")
  #expect(
    string(ThreadTable.line(row, share: ThreadTable.share(of: row.runTicks, in: 3_000)))
      == "    1  console              17    17  running    66.7%         1   1832 of 16384")
  let other = ThreadRow(idle, isCurrent: false, at: 3_000)
  #expect(
    string(ThreadTable.line(other, share: 333))
      == "    0  idle               idle  idle  ready      33.3%         0      -")
}

@Test(
  arguments: [(0, 0, 0), (1, 2, 500), (5, 5, 1_000), (9, 5, 1_000), (1, 3, 333)] as [(UInt64, UInt64, UInt32)]
)
func sharesAreThousandths(ticks: UInt64, span: UInt64, share: UInt32) {
  #expect(ThreadTable.share(of: ticks, in: span) == share)
  #expect(ThreadTable.share(of: ticks << 50, in: span << 50) == share)
}
