import Core
import Testing

@Test func aLineThatStormsIsReportedOnceAWindow() {
  var counts = InterruptCounts()
  var reports = 0
  for tick in 0..<10_000 as Range<UInt64> where counts.note(4, at: tick, window: 10_000) { reports += 1 }
  #expect(reports == 1)
  #expect(counts.total(ofLine: 4) == 10_000)
  // The next window begins at nothing.
  for tick in 10_000..<10_000 + UInt64(InterruptCounts.mostInWindow) {
    let storms = counts.note(4, at: tick, window: 10_000)
    #expect(!storms)
  }
  let storms = counts.note(4, at: 19_999, window: 10_000)
  #expect(storms)
}

@Test func manyInterruptsOverManyWindowsAreNoStorm() {
  var counts = InterruptCounts()
  for tick in 0..<100_000 as Range<UInt64> {
    let storms = counts.note(4, at: tick * 10, window: 10_000)
    #expect(!storms)
  }
}

@Test func whatWasAskedForIsNoStorm() {
  var counts = InterruptCounts()
  for _ in 0..<10_000 { counts.noteExpected(0) }
  #expect(counts.total(ofLine: 0) == 10_000)
  let storms = counts.note(0, at: 1, window: 10_000)
  #expect(!storms)
}
