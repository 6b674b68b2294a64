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

@Test func everyLimitOfGuestsIsInTheCatalogue() {
  for name in Limits.guestTable.keys { #expect(Catalogue.entries.contains { $0.name == name }, "\(name)") }
}

@Test func publishedTablesStandBesideWhatWasMeasured() throws {
  let result = try #require(
    BenchmarkResult(name: "guest/null-hypercall", arch: "i686", unit: .instructions, runs: [[146]]))
  let tables = PublishedTables(BenchmarkReport(results: [result]))
  #expect(tables.markdown.contains("| host-guest switch | 1,406 | 1,347 | 1.04 | 146 |"))
  #expect(tables.markdown.contains("| fork | 446,224 | 301,831 | 1.48 | not measured |"))
  #expect(tables.svg.hasPrefix("<svg") && tables.svg.contains("Table III"))
}
