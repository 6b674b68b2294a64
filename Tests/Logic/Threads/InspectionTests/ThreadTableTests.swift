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

/// A scheduler and its threads, numbered from 1, that run one after the other for given times.
private final class Runs {
  var scheduler: Scheduler
  private let memory: UnsafeMutablePointer<Thread>
  var now: UInt64 = 1_000
  let count: Int

  init(threads count: Int) throws {
    self.count = count
    memory = .allocate(capacity: count + 1)
    scheduler = Scheduler(idle: ThreadReference(at: memory), at: now)
    for index in 1...count {
      scheduler.create(thread(index), name: ThreadName("t"), level: .lowest)
      try scheduler.start(thread(index))
    }
    scheduler.reschedule()?.account(at: now)
  }
  deinit { memory.deallocate() }

  func thread(_ index: Int) -> ThreadReference { ThreadReference(at: memory + index) }
  /// Lets the thread whose turn it is run for some ticks.
  func run(_ ticks: UInt64) {
    now += ticks
    scheduler.yield()?.account(at: now)
  }
  /// The rows of all threads, found as the console finds them.
  var rows: [ThreadRow] {
    var rows: [ThreadRow] = []
    var last: UInt32?
    while let thread = scheduler.thread(after: last) {
      rows.append(ThreadRow(thread, isCurrent: thread == scheduler.current, at: now))
      last = thread.fields.identifier
    }
    return rows
  }
}

@Test func everyThreadIsFoundOnceAlsoWhenTheOneBeforeHasGone() throws {
  let runs = try Runs(threads: 5)
  #expect(runs.rows.map(\.identifier) == [0, 1, 2, 3, 4, 5])
  try runs.scheduler.detach(runs.thread(1))
  try runs.scheduler.exit(code: 0)
  _ = runs.scheduler.reschedule()
  try runs.scheduler.reclaim(runs.thread(1))
  let following = runs.scheduler.thread(after: 1)
  #expect(following == runs.thread(2))
  #expect(runs.rows.map(\.identifier) == [0, 2, 3, 4, 5])
}

@Test(arguments: [1, 3, 15, 16, 17, 40, 80])
func theBusiestOfASpanComeFirst(count: Int) throws {
  let runs = try Runs(threads: count)
  // What was before the span must not count: the other way round.
  for index in 0..<count { runs.run(UInt64(count - index) * 10_000) }
  var shares = ThreadShares()
  for row in runs.rows { shares.begin(row) }
  for index in 0..<count { runs.run(UInt64(index + 1) * 100) }
  for row in runs.rows { shares.end(row) }
  let shown = (0..<shares.rowCount).compactMap { shares.row($0) }
  #expect(shown.count == min(count + 1, ThreadShares.rowCapacity))
  #expect(shares.leftOut == count + 1 - shown.count)
  #expect(zip(shown, shown.dropFirst()).allSatisfy { $0.runTicks >= $1.runTicks })
  guard count < ThreadShares.capacity else { return }
  #expect(shown.first?.identifier == UInt32(count) && shown.first?.runTicks == UInt64(count) * 100)
  let switches: UInt32 = count == 1 ? 0 : 1
  #expect(shown.first?.switchCount == switches)
}

@Test func theIdleThreadBeginsWithTheScheduler() throws {
  let runs = try Runs(threads: 1)
  #expect(runs.rows[0].runTicks == 0)
}
