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
