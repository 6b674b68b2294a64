/// What a benchmark has measured, in numbers that stand for themselves.

import Foundation
import HostSupport

/// The samples of one benchmark on one system.
public struct BenchmarkResult: Codable, Sendable, Equatable {
  /// What a sample counts.
  public enum Unit: String, Codable, Sendable {
    /// Guest instructions, under icount.
    case instructions
    /// Ticks of the host's time stamp counter.
    case ticks
  }

  /// One boot's share of the samples.
  public struct Run: Codable, Sendable, Equatable {
    /// How many samples.
    public var count: Int
    /// The sample that half of the others are not above.
    public var median: Int
  }

  /// A stable path such as `yield/software/same-space`.
  public var name: String
  /// Who was measured: `apus`, or a peer such as `linux`.
  public var system: String
  /// The processor architecture.
  public var arch: String
  /// What a sample counts.
  public var unit: Unit
  /// The least sample.
  public var min: Int
  /// The sample that half of the others are not above.
  public var median: Int
  /// The sample that 99 of 100 are not above.
  public var p99: Int
  /// The greatest sample.
  public var max: Int
  /// The boots that the samples come from, in order.
  public var runs: [Run]
  /// How far the runs' medians lie apart, as a part of the median; `nil` after a single run.
  public var spread: Double?
  /// All samples in the order in which they were taken, run after run.
  public var samples: [Int]
  /// The emulator's command line.
  public var commandLine: String
  /// The versions of what took part: `apus`, `emulator`, and a peer's by its name.
  public var versions: [String: String]

  /// Summarises the samples of one or more runs; `nil` if a run has none.
  public init?(
    name: String, system: String = "apus", arch: String, unit: Unit, runs: [[Int]], commandLine: String = "",
    versions: [String: String] = [:]
  ) {
    let sorted = runs.joined().sorted()
    guard let first = sorted.first, let last = sorted.last, !runs.contains(where: \.isEmpty) else {
      return nil
    }
    self.name = name
    self.system = system
    self.arch = arch
    self.unit = unit
    min = first
    median = Self.median(sorted)
    p99 = sorted[Swift.min(sorted.count - 1, sorted.count * 99 / 100)]
    max = last
    self.runs = runs.map { Run(count: $0.count, median: Self.median($0.sorted())) }
    let medians = self.runs.map(\.median)
    if let low = medians.min(), let high = medians.max(), runs.count > 1 {
      spread = median == 0 ? 0 : Double(high - low) / Double(median)
    }
    samples = Array(runs.joined())
    self.commandLine = commandLine
    self.versions = versions
  }

  private static func median(_ sorted: [Int]) -> Int { sorted[sorted.count / 2] }

  /// The spread in words for a table.
  public var spreadText: String {
    guard let spread else { return "?" }
    return spread == 0 ? "0" : Text.fixed(spread * 100, decimals: 1) + "%"
  }
}

/// Numbers as text.
enum Text {
  /// A number with digits behind the point.
  static func fixed(_ value: Double, decimals: Int) -> String {
    String(format: "%.\(decimals)f", locale: Locale(identifier: "en_US_POSIX"), value)
  }

  /// How many times the other's cost something is.
  static func ratio(_ value: Double) -> String {
    fixed(value, decimals: value >= 100 ? 0 : value >= 10 ? 1 : 2)
  }
}

/// Everything that one call of `apus bench` has measured; Docs/benchmarks.md describes the file.
public struct BenchmarkReport: Codable, Sendable, Equatable {
  /// The version of the form that this tool writes, and the only one it reads.
  public static let schema = 2

  /// The version of this form.
  public var schema = Self.schema
  /// The measurements.
  public var results: [BenchmarkResult]
  /// What was asked for but could not be measured, and why.
  public var missing: [String: String]

  /// Collects what was measured.
  public init(results: [BenchmarkResult], missing: [String: String] = [:]) {
    self.results = results
    self.missing = missing
  }

  /// Reads a report that was kept.
  ///
  /// - Throws: `ToolError` naming the file, if it is none or of another version.
  public init(file: String) throws {
    struct Version: Decodable { var schema: Int }
    let data = Data(try Files.read(file))
    guard let version = try? JSONDecoder().decode(Version.self, from: data) else {
      throw ToolError("\(file) is no report of `apus bench --json`: it has no `schema`")
    }
    guard version.schema == Self.schema else {
      throw ToolError(
        "\(file): schema \(version.schema); this tool reads \(Self.schema)", advice: "measure anew")
    }
    do {
      self = try JSONDecoder().decode(BenchmarkReport.self, from: data)
    } catch {
      throw ToolError("\(file) is no report of `apus bench --json`: \(error)")
    }
  }

  /// The report as JSON with sorted keys, so that two equal reports are equal files.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// The report as comma-separated values, one sample a line.
  public var csv: String {
    let lines = results.flatMap { result in
      var index = -1
      return result.runs.enumerated().flatMap { run in
        (0..<run.element.count).map { _ in
          index += 1
          return
            "\(result.name),\(result.system),\(result.arch),\(result.unit.rawValue),\(run.offset),\(result.samples[index])"
        }
      }
    }
    return (["name,system,arch,unit,run,value"] + lines).joined(separator: "\n") + "\n"
  }
}
