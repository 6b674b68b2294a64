/// A run that was predicted and measured.
public struct ComparedRun: Sendable, Equatable {
  /// What ran; runs with one label are repetitions.
  public var label: String
  /// What the model said; above 0.
  ///
  /// Any quantity, the same for both numbers.
  public var predicted: Double
  /// What was measured; above 0.
  public var measured: Double

  /// A run.
  public init(_ label: String, predicted: Double, measured: Double) {
    self.label = label
    self.predicted = predicted
    self.measured = measured
  }

  /// (predicted - measured) / measured: positive when the model promised too much.
  public var error: Double { (predicted - measured) / measured }
}

/// Predictions beside measurements.
public struct RunComparison: Sendable, Equatable {
  /// The runs in the order they were read.
  public var runs: [ComparedRun]

  /// A comparison of `runs`.
  public init(_ runs: [ComparedRun]) { self.runs = runs }

  /// Labels in order of appearance, each with its runs.
  public var groups: [(label: String, runs: [ComparedRun])] {
    var order: [String] = []
    var members: [String: [ComparedRun]] = [:]
    for run in runs {
      if members[run.label] == nil { order.append(run.label) }
      members[run.label, default: []].append(run)
    }
    return order.map { ($0, members[$0] ?? []) }
  }

  /// Absolute errors of all runs.
  public var magnitudes: [Double] { runs.map { $0.error.magnitude } }

  /// Reads runs from JSON or CSV, told apart by the first character; errors name `place` and line.
  ///
  /// CSV has a header with the columns `label`, `predicted`, `measured`; JSON is
  /// `{"schema": "apus-runs", "version": 1, "runs": [{"label", "predicted", "measured"}]}`.
  public init(_ bytes: [UInt8], place: String) throws(InputError) {
    let first = bytes.first { ![32, 9, 10, 13, 0xEF, 0xBB, 0xBF].contains($0) }
    runs = first == UInt8(ascii: "{") ? try Self.readJSON(bytes, place) : try Self.readCSV(bytes, place)
    guard !runs.isEmpty else { throw InputError(place, found: "no runs", allowed: "one run or more") }
  }

  private static func readJSON(_ bytes: [UInt8], _ place: String) throws(InputError) -> [ComparedRun] {
    let root = JSONFields(try JSONNode.parse(bytes, place: place), place: place)
    try root.open(allowed: ["schema", "version", "runs"])
    let schema = try root.string("schema")
    guard schema == "apus-runs" else {
      throw root.failure("schema", found: InputError.quoted(schema), allowed: "\"apus-runs\"")
    }
    _ = try root.integer("version", 1...1)
    var runs: [ComparedRun] = []
    for node in try root.array("runs") {
      let run = JSONFields(node, place: place)
      try run.open(allowed: ["label", "predicted", "measured"])
      let read = ComparedRun(
        try run.string("label"), predicted: try run.number("predicted"), measured: try run.number("measured"))
      guard read.predicted > 0, read.measured > 0 else {
        throw run.failure("measured", found: "a number that is not positive", allowed: "numbers above 0")
      }
      runs.append(read)
    }
    return runs
  }

  private static func readCSV(_ bytes: [UInt8], _ place: String) throws(InputError) -> [ComparedRun] {
    var runs: [ComparedRun] = []
    var columns: (label: Int, predicted: Int, measured: Int)?
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    for (number, raw) in start.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
      var line = String(decoding: raw, as: UTF8.self)
      if line.hasSuffix("\r") { line.removeLast() }
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let split = CSVLine.fields(line) else {
        throw InputError(
          place, line: number + 1, found: "a quote that is not closed",
          allowed: "a closed one in the same line")
      }
      let fields = split.map(\.text)
      guard let known = columns else {
        guard let label = fields.firstIndex(of: "label"), let predicted = fields.firstIndex(of: "predicted"),
          let measured = fields.firstIndex(of: "measured")
        else {
          throw InputError(
            place, line: number + 1, found: InputError.quoted(line),
            allowed: "a header with the columns label, predicted, measured")
        }
        columns = (label, predicted, measured)
        continue
      }
      guard fields.count > max(known.label, known.predicted, known.measured) else {
        throw InputError(
          place, line: number + 1, found: "\(fields.count) fields", allowed: "as many as the header has")
      }
      func positive(_ index: Int) throws(InputError) -> Double {
        let text = fields[index]
        guard !text.isEmpty, text.allSatisfy({ "0123456789.eE+-".contains($0) }), let value = Double(text),
          value.isFinite, value > 0
        else {
          throw InputError(
            place, line: number + 1, column: split[index].column, found: InputError.quoted(text),
            allowed: "a number above 0 with a point, as 1.5")
        }
        return value
      }
      runs.append(
        ComparedRun(
          fields[known.label], predicted: try positive(known.predicted),
          measured: try positive(known.measured)))
    }
    return runs
  }

  /// The runs as CSV that `init(_:place:)` reads.
  public func csv() -> String {
    (["label,predicted,measured,error"]
      + runs.map { "\(CSVLine.field($0.label)),\($0.predicted),\($0.measured),\($0.error)" })
      .joined(separator: "\n") + "\n"
  }
}
