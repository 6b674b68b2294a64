import Foundation
import HostSupport

/// The measurements of one invocation, and how they were made.
public struct BenchmarkReport: Sendable {
  /// The version of the JSON form, which Docs/benchmarks.md describes.
  public static let schemaVersion = 1

  /// The rows.
  public var measurements: [Measurement] = []
  /// The emulator's command lines, in the order in which they were run.
  public var commands: [String] = []
  /// What the emulator says of its version.
  public var emulatorVersion: String

  /// Makes an empty report.
  public init(emulatorVersion: String) { self.emulatorVersion = emulatorVersion }

  /// The rows as a table for a terminal.
  public var table: String {
    let rows = measurements.compactMap { row -> [String]? in
      guard let distribution = Distribution(row.samples) else { return nil }
      return [
        row.name, row.architecture, row.unit.rawValue, "\(distribution.minimum)", "\(distribution.median)",
        "\(distribution.percentile99)", "\(distribution.maximum)", "\(row.samples.count)",
      ]
    }
    return Table(
      ["name", "arch", "unit", "min", "median", "p99", "max", "samples"], rows, rightAligned: [3, 4, 5, 6, 7]
    ).text
  }

  /// The report as JSON: every row with its raw samples.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let document = Document(
      schemaVersion: Self.schemaVersion, emulator: emulatorVersion, commands: commands,
      results: measurements.compactMap(Row.init))
    return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
  }

  /// The rows as comma-separated values, without the raw samples.
  public var csv: String {
    var lines = ["name,arch,unit,min,median,p99,max,samples"]
    for row in measurements.compactMap(Row.init) {
      lines.append(
        "\(row.name),\(row.arch),\(row.unit.rawValue),\(row.min),\(row.median),\(row.p99),\(row.max),\(row.samples.count)"
      )
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// The JSON document.
private struct Document: Encodable {
  var schemaVersion: Int
  var emulator: String
  var commands: [String]
  var results: [Row]
}

/// One result of the JSON document.
private struct Row: Encodable {
  var name: String
  var arch: String
  var unit: Measurement.Unit
  var min: UInt64
  var median: UInt64
  var p99: UInt64
  var max: UInt64
  var samples: [UInt64]

  init?(_ measurement: Measurement) {
    guard let distribution = Distribution(measurement.samples) else { return nil }
    name = measurement.name
    arch = measurement.architecture
    unit = measurement.unit
    min = distribution.minimum
    median = distribution.median
    p99 = distribution.percentile99
    max = distribution.maximum
    samples = measurement.samples
  }
}
