import Bench
import Foundation
import HostSupport
import Plotting
import Testing

/// Summaries, files and tables of results.
@Suite struct ReportTests {
  static func result(
    _ name: String, _ runs: [[Int]], system: String = "apus", unit: BenchmarkResult.Unit = .instructions
  ) throws -> BenchmarkResult {
    try #require(
      BenchmarkResult(
        name: name, system: system, arch: "i686", unit: unit, runs: runs, commandLine: "qemu",
        versions: ["apus": "1"]))
  }

  @Test func summaryOfAHundredSamples() throws {
    let result = try Self.result("a", [Array((1...100).reversed())])
    #expect(result.min == 1)
    #expect(result.median == 51)
    #expect(result.p99 == 100)
    #expect(result.max == 100)
    #expect(result.samples.first == 100)
    #expect(result.spread == nil && result.spreadText == "?")
  }

  @Test func spreadIsThatOfTheRunsMedians() throws {
    #expect(try Self.result("a", [[5, 5, 9], [5, 5, 900]]).spreadText == "0")
    let result = try Self.result("a", [[100], [110], [100]])
    #expect(result.spread == 0.1 && result.spreadText == "10.0%")
    let medians: [Int] = [100, 110, 100]
    #expect(result.runs.map(\.median) == medians)
  }

  @Test func aRunWithoutSamplesIsNoResult() {
    #expect(BenchmarkResult(name: "a", arch: "i686", unit: .ticks, runs: [[1], []]) == nil)
    #expect(BenchmarkResult(name: "a", arch: "i686", unit: .ticks, runs: []) == nil)
  }

  @Test func aReportComesBackAsItWasWritten() throws {
    let report = BenchmarkReport(
      results: [try Self.result("a/b", [[3, 1], [2]])], missing: ["linux": "no network"])
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    try Files.write(Array(try report.json()), to: folder + "/r.json")
    #expect(try BenchmarkReport(file: folder + "/r.json") == report)
    let text = String(decoding: try report.json(), as: UTF8.self)
    for key in [
      "schema", "results", "missing", "name", "system", "arch", "unit", "min", "median", "p99", "max", "runs",
      "spread", "samples", "commandLine", "versions",
    ] { #expect(text.contains("\"\(key)\":"), "\(key) is documented in Docs/benchmarks.md") }
    #expect(
      report.csv == """
        name,system,arch,unit,run,value
        a/b,apus,i686,instructions,0,3
        a/b,apus,i686,instructions,0,1
        a/b,apus,i686,instructions,1,2

        """)
  }

  @Test(arguments: [
    ("{\"schema\": 1}", "schema 1"), ("[]", "no `schema`"), ("{\"schema\": 2}", "is no report"),
    ("x", "no `schema`"),
  ])
  func aFileThatIsNoReportIsRefused(text: String, words: String) throws {
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    try Files.write(text, to: folder + "/r.json")
    let error = try #require(throws: ToolError.self) { try BenchmarkReport(file: folder + "/r.json") }
    #expect(error.message.contains(words) && error.message.contains("r.json"))
  }

  @Test func switchesAreComparedInTicksOnly() throws {
    var report = BenchmarkReport(results: [
      try Self.result("yield/software/same-space", [[100, 100]], unit: .ticks),
      try Self.result("yield/hardware/same-space", [[2_000, 3_000]], unit: .ticks),
      try Self.result("yield/hardware/other-space", [[7]], unit: .ticks),
      try Self.result("yield/software/other-space", [[7]]),
    ])
    let words = report.switchRatios.split(whereSeparator: \.isWhitespace).suffix(5)
    #expect(words.joined(separator: " ") == "yield/hardware/same-space 3000 100 30.0 20.0")
    report.results.removeAll { $0.unit == .ticks }
    #expect(report.switchRatios.isEmpty)
  }

  @Test func peersStandBesideTheirCounterparts() throws {
    let report = BenchmarkReport(results: [
      try Self.result("queue/round-trip-16", [[350]]), try Self.result("pick/2-ready", [[31]]),
      try Self.result("pipe/round-trip-16", [[10_500]], system: "linux"),
      try Self.result("syscall/getpid", [[334]], system: "linux"),
      // Another unit is no counterpart.
      try Self.result("semaphore/round-trip", [[200]]),
      try Self.result("semaphore/round-trip", [[9]], system: "linux", unit: .ticks),
    ])
    let lines = report.comparison(with: "linux").split(separator: "\n").map {
      $0.split(separator: " ").joined(separator: " ")
    }
    let wanted = [
      "queue/round-trip-16 i686 instructions 350 10500 30.0 pipe/round-trip-16",
      "i686 instructions 334 syscall/getpid", "i686 ticks 9 semaphore/round-trip",
    ]
    #expect(Array(lines.dropFirst()) == wanted)
    #expect(report.comparison(with: "minix").isEmpty)
    #expect(report.leastComparison(with: "linux").isEmpty)
  }

  @Test func ticksOfTwoProcessorsAreComparedByTheLeastToo() throws {
    let report = BenchmarkReport(results: [
      try Self.result("node/doorbell-round-trip-halted", [[900, 300, 100]], unit: .ticks),
      try Self.result("between/futex-round-trip", [[700, 400, 250]], system: "linux", unit: .ticks),
      try Self.result("node/poll-round-trip", [[9]], unit: .ticks),
    ])
    let words = report.leastComparison(with: "linux").split(whereSeparator: \.isWhitespace).suffix(5)
    #expect(
      words.joined(separator: " ") == "node/doorbell-round-trip-halted 100 250 2.50 between/futex-round-trip")
  }

  @Test func whatDependsOnANumberIsDrawnByIt() throws {
    func nodes(_ name: String, _ value: Int) throws -> BenchmarkResult {
      try Self.result(name, [[value, value + 5]], unit: .ticks)
    }
    let report = BenchmarkReport(results: [
      try nodes("node/ball-round-trip", 500), try nodes("node/poll-round-trip", 700),
      try nodes("node/stream-64", 160), try nodes("node/stream-8", 200), try nodes("node/stream-4096", 4096),
      try nodes("nodes/from-2-to-1", 90), try nodes("nodes/from-1-to-1", 120),
      try nodes("nodes/lock-ticket/2", 900), try nodes("nodes/lock-ticket/4", 9_000),
      try nodes("nodes/barrier-tree/2", 700),
    ])
    let panels = report.picture.panels
    #expect(panels.count == 5)
    #expect(panels[0].layers.count == 2)
    let layers = panels.dropFirst().map { $0.layers.map(\.name) }
    #expect(layers == [["best batch", "median"], ["to one"], ["ticket"], ["tree"]])
    func points(_ panel: Int) -> [PlotPoint] {
      if case .line(let points) = panels[panel].layers[0].content { points } else { [] }
    }
    // Bytes a tick by size; ticks by the number of nodes; both in order.
    #expect(points(1) == [PlotPoint(8, 0.04), PlotPoint(64, 0.4), PlotPoint(4_096, 1)])
    #expect(points(2) == [PlotPoint(1, 120), PlotPoint(2, 90)])
    #expect(points(3) == [PlotPoint(2, 900), PlotPoint(4, 9_000)])
  }

  @Test func hourglassHasAPanelForEachSystemAndOneForAll() throws {
    let report = BenchmarkReport(results: [
      try Self.result("hourglass/software", [(0..<200).map { 60 + $0 % 7 }]),
      try Self.result("hourglass/hardware", [(0..<200).map { 220 + $0 % 5 }]),
      try Self.result("hourglass", [(0..<200).map { 4_900 + $0 % 31 }], system: "linux"),
      try Self.result("yield/software/same-space", [[32]]),
    ])
    let picture = report.picture
    #expect(picture.panels.count == 4)
    #expect(picture.panels[0].layers.map(\.name) == ["hourglass/software", "hourglass/hardware"])
    #expect(picture.panels[1].layers.map(\.name) == ["Linux hourglass"])
    #expect(picture.panels[2].layers.count == 3)
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/hourglass.svg")
    if ProcessInfo.processInfo.environment["APUS_UPDATE_GOLDEN"] != nil {
      try picture.svg().write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(picture.svg() == (try String(contentsOf: file, encoding: .utf8)))
  }
}
