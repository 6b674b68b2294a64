import Bench
import Testing

@Test func theCostOfStartUpIsReadFromTheLog() {
  let line =
    "cpu0 debug start: ticks since the entry: 142901 to the first line, 669347 to the end of start-up"
  let cost = BootBenchmark.cost(in: "noise\n\(line)\r\n")
  #expect(cost?.firstLine == 142_901)
  #expect(cost?.end == 669_347)
  #expect(BootBenchmark.cost(in: "ticks since the entry: x to the first line") == nil)
}
