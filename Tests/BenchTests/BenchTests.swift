import Bench
import Foundation
import Testing

@Test func aDistributionIsNamedByItsRanks() throws {
  let distribution = try #require(Distribution((1...100).reversed().map { UInt64($0) }))
  #expect(distribution.minimum == 1)
  #expect(distribution.median == 50)
  #expect(distribution.percentile99 == 99)
  #expect(distribution.maximum == 100)
  #expect(!distribution.isExact)
}

@Test func oneSampleIsEveryQuantile() throws {
  let distribution = try #require(Distribution([7]))
  #expect(distribution.median == 7 && distribution.percentile99 == 7 && distribution.isExact)
  #expect(Distribution([]) == nil)
}

@Test func theCostOfStartUpIsReadFromTheLog() {
  let line =
    "[    0.000669] cpu0 debug start: ticks since the entry: 142901 to the first line, 669347 to the end of start-up\r\n"
  let cost = BootBenchmark.cost(in: "noise\n" + line)
  #expect(cost?.firstLine == 142_901)
  #expect(cost?.end == 669_347)
  #expect(BootBenchmark.cost(in: "ticks since the entry: x to the first line") == nil)
}

@Test func theReportKeepsRawSamplesInItsJSON() throws {
  var report = BenchmarkReport(emulatorVersion: "QEMU 7")
  report.commands = ["qemu -icount"]
  report.measurements = [
    Measurement(name: "boot/first-line", architecture: "i686", unit: .instructions, samples: [3, 1, 2])
  ]
  let object = try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any]
  let row = try #require((object?["results"] as? [[String: Any]])?.first)
  #expect(object?["schemaVersion"] as? Int == 1)
  #expect(row["samples"] as? [Int] == [3, 1, 2])
  #expect(row["median"] as? Int == 2)
  #expect(
    report.csv == "name,arch,unit,min,median,p99,max,samples\nboot/first-line,i686,instructions,1,2,3,3,3\n")
}
