import Bench
import Testing

@Suite struct SampleReaderTests {
  @Test func readsSamplesAcrossLines() throws {
    let text = "noise\nbench 1 a/b: 3 1\nbench 1 a/b: 2\nbench 1 a/b end 3\n"
    let read = try SampleReader.read(text)
    #expect(read.finished.map(\.name) == ["a/b"])
    #expect(read.finished.map(\.samples) == [[3, 1, 2]])
    #expect(read.unfinished.isEmpty && read.skipped.isEmpty)
  }

  @Test func noticesALostLine() {
    #expect(throws: SampleReader.Problem.samplesLost(name: "a", expected: 2, found: 1)) {
      try SampleReader.read("bench 1 a: 1\nbench 1 a end 2\n")
    }
    #expect(throws: SampleReader.Problem.samplesLost(name: "a", expected: 1, found: 0)) {
      try SampleReader.read("bench 1 a end 1\n")
    }
  }

  @Test func refusesAnotherVersion() {
    #expect(throws: SampleReader.Problem.unknownVersion("2")) { try SampleReader.read("bench 2 a: 1\n") }
  }

  @Test func refusesWhatIsNoNumber() {
    #expect(throws: SampleReader.Problem.notANumber("x")) { try SampleReader.read("bench 1 a: 1 x\n") }
  }

  @Test func namesWhatBeganAndDidNotEnd() throws {
    #expect(try SampleReader.read("bench 1 a: 1\nbench 1 b: 2\nbench 1 b end 1\n").unfinished == ["a"])
  }

  @Test func tellsWhatWasSkippedAndWhy() throws {
    let read = try SampleReader.read("bench 1 a/b skipped clone error 38\n")
    #expect(read.skipped.map(\.name) == ["a/b"])
    #expect(read.skipped.map(\.reason) == ["clone error 38"])
  }

  @Test func aGuestWithoutTheTerminalIsReadToo() throws {
    let read = try SampleReader.read("guest 2| bench 1 a/b: 5 6\nguest 2| bench 1 a/b end 2\n")
    #expect(read.finished.map(\.name) == ["a/b"] && read.finished.map(\.samples) == [[5, 6]])
  }
}
