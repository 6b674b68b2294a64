import Bench
import Testing

@Suite struct CatalogueTests {
  @Test func everyNameIsFoundByItsGroup() {
    for entry in Catalogue.entries {
      #expect(Catalogue.entries(matching: entry.group).contains(entry))
      #expect(Catalogue.entries(matching: entry.name) == [entry])
      #expect(!entry.explanation.isEmpty)
    }
    #expect(Set(Catalogue.entries.map(\.name)).count == Catalogue.entries.count)
  }

  /// Names are stable: a report of today must be comparable with one of next year.
  @Test(arguments: [
    "yield/software/same-space", "yield/software/other-space", "yield/hardware/same-space",
    "yield/hardware/other-space", "preempt/timer", "wake/interrupt-to-thread", "hourglass/software",
    "hourglass/hardware", "semaphore/round-trip", "queue/round-trip-16", "thread/create-run-exit-join",
    "pick/2-ready", "pick/1000-ready", "boot/first-line", "boot/start-up", "syscall/getpid",
    "pipe/round-trip-1", "process/fork-exit-wait", "process/vfork-exit-wait", "memory/first-touch",
    "syscall/getpid-int80", "syscall/getpid-sysenter", "pipe/processes-round-trip-1", "futex/round-trip",
    "clone/create-run-exit-join", "file/open-close", "file/read-16", "file/write-16", "file/stat",
    "process/fork-exec-wait", "boot/prompt",
  ])
  func nameIsThere(name: String) { #expect(Catalogue.entry(name) != nil) }

  @Test func suitesNameGroupsThatExist() {
    for suite in Catalogue.suites {
      #expect(Catalogue.entries(matching: suite.name).isEmpty == false)
      for group in suite.groups { #expect(Catalogue.entries.contains { $0.group == group }) }
    }
  }

  @Test func aSelectionHasEachEntryOnce() {
    #expect(Catalogue.selection(["yield", "context-switch", "yield/software"]).count == 6)
    #expect(Catalogue.selection([]) == Catalogue.entries)
    #expect(Catalogue.selection(["nonsense"]).isEmpty)
  }

  @Test func peersMeasureCounterpartsOnce() {
    let chosen = Catalogue.selection(["yield", "preempt", "hourglass", "queue", "pick", "syscall"])
    #expect(Catalogue.peerGroups(of: chosen) == ["yield", "hourglass", "pipe", "syscall"])
  }

  @Test func aMistypedNameIsGuessed() {
    #expect(Catalogue.suggestions(for: "yeild").first == "yield")
    #expect(Catalogue.suggestions(for: "hourglas").first == "hourglass")
    #expect(Catalogue.suggestions(for: "qqqqqqqqqqqq").isEmpty)
  }
}

@Suite struct RepetitionTests {
  @Test func aCountIsACount() {
    #expect(!Repetition.count(2).isEnough(runs: 1, medians: [[5]]))
    #expect(Repetition.count(2).isEnough(runs: 2, medians: [[5, 900]]))
  }

  @Test(arguments: [
    ([100, 110], false), ([100, 110, 105, 101], false),  // too few to confirm anything
    ([100, 110, 105, 101, 110], true), ([100, 110, 105, 101, 111], false),
    ([100, 110, 105, 101, 111, 100, 111, 104], true),
  ])
  func theSpreadIsKnownWhenThreeRunsStayInside(medians: [Int], isKnown: Bool) {
    let plan = Repetition.untilSpreadIsKnown(most: 20)
    #expect(plan.isEnough(runs: medians.count, medians: [medians]) == isKnown)
    // One result that is still moving keeps all going.
    #expect(!plan.isEnough(runs: medians.count, medians: [medians, Array(1...medians.count)]))
  }

  @Test func atSomePointItEnds() {
    #expect(Repetition.untilSpreadIsKnown(most: 6).isEnough(runs: 6, medians: [[1, 2, 3, 4, 5, 6]]))
  }
}
