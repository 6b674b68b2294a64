import Bench
import Testing

@Suite struct SampleReaderTests {
  @Test func readsSamplesAcrossLines() throws {
    let text = "noise\nbench 1 a/b: 3 1\nbench 1 a/b: 2\nbench 1 a/b end 3\n"
    let read = try SampleReader.read(text)
    #expect(read.count == 1)
    let result = try #require(
      BenchmarkResult(name: "a/b", arch: "i686", unit: "ticks", samples: read[0].samples))
    #expect([result.min, result.median, result.max] == [1, 2, 3])
    #expect(result.samples == [3, 1, 2])
  }

  @Test func noticesALostLine() {
    #expect(throws: SampleReader.Problem.samplesLost(name: "a", expected: 2, found: 1)) {
      try SampleReader.read("bench 1 a: 1\nbench 1 a end 2\n")
    }
  }

  @Test func refusesAnotherVersion() {
    #expect(throws: SampleReader.Problem.unknownVersion("2")) { try SampleReader.read("bench 2 a: 1\n") }
  }

  @Test func everyNameIsFoundByItsGroup() {
    for entry in Catalogue.entries {
      #expect(Catalogue.entries(matching: entry.group).contains { $0.name == entry.name })
    }
  }
}
