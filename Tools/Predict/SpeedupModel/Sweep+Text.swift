// A sweep as text for other programs. Numbers are written in full: a spreadsheet rounds, a file must not.

extension Sweep {
  /// One line for each cell, after a header: `gamma,fc,speedup`, and `low,high` for a random policy.
  public func csv() -> String {
    var header = [x.parameter.rawValue] + (y.map { [$0.parameter.rawValue] } ?? []) + ["speedup"]
    if !bands.isEmpty { header += ["low5", "high95"] }
    return ([header.joined(separator: ",")] + cells { $0.joined(separator: ",") }).joined(separator: "\n")
      + "\n"
  }

  /// The axes and the rows of speedups as a JSON object.
  public func json() -> String {
    func list(_ values: some Sequence<Double>) -> String {
      "[" + values.map { $0.isFinite ? "\($0)" : "null" }.joined(separator: ", ") + "]"
    }
    func axis(_ axis: SweepAxis) -> String {
      "{\"parameter\": \"\(axis.parameter.rawValue)\", \"values\": \(list(axis.values))}"
    }
    func rows(_ values: [Double]) -> String {
      let width = x.values.count
      let lines = stride(from: 0, to: values.count, by: width).map {
        "    " + list(values[$0..<($0 + width)])
      }
      return "[\n" + lines.joined(separator: ",\n") + "\n  ]"
    }
    var members = ["\"schema\": \"apus-sweep\"", "\"version\": 1", "\"x\": \(axis(x))"]
    if let y { members.append("\"y\": \(axis(y))") }
    members.append("\"speedup\": \(rows(speedups))")
    if !bands.isEmpty {
      members.append("\"low5\": \(rows(bands.map(\.low)))")
      members.append("\"high95\": \(rows(bands.map(\.high)))")
    }
    return "{\n  " + members.joined(separator: ",\n  ") + "\n}\n"
  }

  /// One element for each cell, from its numbers as text in the order of the header.
  private func cells(_ element: ([String]) -> String) -> [String] {
    speedups.indices.map { index in
      var fields = ["\(x.values[index % x.values.count])"]
      if let y { fields.append("\(y.values[index / x.values.count])") }
      fields.append("\(speedups[index])")
      if !bands.isEmpty { fields += ["\(bands[index].low)", "\(bands[index].high)"] }
      return element(fields)
    }
  }
}
