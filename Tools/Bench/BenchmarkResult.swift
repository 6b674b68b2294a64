/// What a run of the benchmark kernel has measured.

import Foundation

/// The samples of one benchmark.
public struct BenchmarkResult: Codable, Sendable, Equatable {
  /// A stable path such as `yield/software/same-space`.
  public var name: String
  /// The processor architecture.
  public var arch: String
  /// `instructions` under icount, `ticks` of the time stamp counter otherwise.
  public var unit: String
  /// The least sample.
  public var min: Int
  /// The sample that half of the others are not above.
  public var median: Int
  /// The sample that 99 of 100 are not above.
  public var p99: Int
  /// The greatest sample.
  public var max: Int
  /// All samples in the order in which they were taken.
  public var samples: [Int]

  /// Summarises samples; `nil` if there are none.
  public init?(name: String, arch: String, unit: String, samples: [Int]) {
    let sorted = samples.sorted()
    guard let first = sorted.first, let last = sorted.last else { return nil }
    self.name = name
    self.arch = arch
    self.unit = unit
    min = first
    median = sorted[sorted.count / 2]
    p99 = sorted[Swift.min(sorted.count - 1, sorted.count * 99 / 100)]
    max = last
    self.samples = samples
  }
}

/// Everything that one call of `apus bench` has measured; Docs/scheduling.md describes the file.
public struct BenchmarkReport: Codable, Sendable, Equatable {
  /// The version of this form.
  public var schema = 1
  /// The command lines that were run.
  public var commandLines: [String]
  /// The emulator's own words about its version.
  public var emulator: String
  /// The measurements.
  public var results: [BenchmarkResult]

  /// Collects what was measured.
  public init(commandLines: [String], emulator: String, results: [BenchmarkResult]) {
    self.commandLines = commandLines
    self.emulator = emulator
    self.results = results
  }

  /// The report as JSON with sorted keys, so that two equal reports are equal files.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  /// The report as comma-separated values, one sample a line.
  public var csv: String {
    let lines = results.flatMap { result in
      result.samples.enumerated().map {
        "\(result.name),\(result.arch),\(result.unit),\($0.offset),\($0.element)"
      }
    }
    return (["name,arch,unit,index,value"] + lines).joined(separator: "\n") + "\n"
  }
}
