import Testing

@testable import Bench

@Test func aMedianAtItsLimitIsAllowedAndOneAboveIsNot() throws {
  let (name, limit) = try #require(Limits.table.first)
  #expect(Limits.violations([name: limit]).isEmpty)
  #expect(Limits.violations([name: limit + 1]).count == 1)
}

@Test func whatShouldBeEqualIsCompared() {
  let (one, other) = Limits.equal[0]
  #expect(Limits.violations([one: 30, other: 30]).isEmpty)
  #expect(Limits.violations([one: 30, other: 31]).count == 1)
}

@Test func everyLimitIsOfABenchmark() {
  for name in Limits.table.keys { #expect(Catalogue.entries.contains { $0.name == name }, "\(name)") }
}

@Test func aSolverInAGuestHas98PartsOfItsSpeed() {
  let bare = ["jacobi/bare": 980, "guest/jacobi-2": 2_000, "guest/jacobi-3": 1_990]
  #expect(Limits.guestViolations(bare.merging(["guest/jacobi-1": 1_000]) { $1 }) == [])
  #expect(Limits.guestViolations(bare.merging(["guest/jacobi-1": 1_001]) { $1 }).count == 1)
  #expect(Limits.guestViolations([:]).count == 1, "not measured is not met")
}

@Test func whatALinuxInAGuestCostsHasLimits() throws {
  var medians = Limits.linuxGuestTable
  #expect(Limits.linuxGuestViolations(medians) == [])
  medians["pipe/round-trip-1", default: 0] += 1
  #expect(Limits.linuxGuestViolations(medians).count == 1)
  #expect(Limits.linuxGuestViolations([:]).count == medians.count, "not measured is not met")
  for comparison in PublishedTables.comparisons where comparison.ours.system == LinuxGuest.name {
    #expect(Limits.linuxGuestTable[comparison.ours.path] != nil, "\(comparison.name)")
  }
}

@Test func aLinuxInAGuestHasItsRows() throws {
  func result(_ name: String, _ system: String, _ median: Int) throws -> BenchmarkResult {
    try #require(
      BenchmarkResult(name: name, system: system, arch: "i686", unit: .instructions, runs: [[median]]))
  }
  let tables = PublishedTables(
    BenchmarkReport(results: [
      try result("process/fork-exit-wait", LinuxGuest.name, 70_000),
      // Our own kernel's, which is another matter.
      try result("syscall/getpid", "apus", 31), try result("guest/page-fill", "apus", 1_900),
    ]))
  #expect(tables.markdown.contains("| fork | 446,224 | 301,831 | 1.48 | 70,000 |"))
  #expect(tables.markdown.contains("| getpid | 1,039 | 626 | 1.66 | not measured |"))
  #expect(tables.markdown.contains("| page fault | 40,426 | 31,978 | 1.26 | 1,900 |"))
}

@Test func everyLimitOfGuestsIsInTheCatalogue() {
  for name in Limits.guestTable.keys { #expect(Catalogue.entries.contains { $0.name == name }, "\(name)") }
}

@Test func publishedTablesStandBesideWhatWasMeasured() throws {
  let result = try #require(
    BenchmarkResult(name: "guest/null-hypercall", arch: "i686", unit: .instructions, runs: [[146]]))
  let tables = PublishedTables(BenchmarkReport(results: [result]))
  #expect(tables.markdown.contains("| host-guest switch | 1,406 | 1,347 | 1.04 | 146 |"))
  #expect(tables.markdown.contains("| fork | 446,224 | 301,831 | 1.48 | not measured |"))
  #expect(tables.markdown.contains("| null hypercall | 502 |  | 146 | 3.44 | 180 |"))
  #expect(tables.markdown.contains("| pipe, round trip | 10,353 | 7,433 | not measured |  | 6,000 |"))
  #expect(tables.svg.hasPrefix("<svg") && tables.svg.contains("Table III"))
}
