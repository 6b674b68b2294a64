import Plotting

extension BenchmarkReport {
  /// The report as a picture: the hourglass's scatter plot if it was measured, and distributions of the rest.
  public var picture: Figure {
    let isHourglass: (BenchmarkResult) -> Bool = { Catalogue.group(of: $0.name) == "hourglass" }
    let isNodes: (BenchmarkResult) -> Bool = { ["node", "nodes"].contains(Catalogue.group(of: $0.name)) }
    let panels =
      hourglassPanels(results.filter(isHourglass))
      // Of nodes, what has no number in its name is a distribution.
      + distributions(results.filter { !isHourglass($0) && (!isNodes($0) || $0.name.contains("round-trip")) })
      + nodePanels(results.filter(isNodes))
    var versions: [String: Set<String>] = [:]
    for (name, version) in results.flatMap(\.versions) { versions[name, default: []].insert(version) }
    return Figure(
      title: "", panels: panels, columns: panels.count == 1 ? 1 : 2, panelWidth: 520, panelHeight: 330,
      notes: [
        versions.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.sorted().joined(separator: ", "))" }
          .joined(separator: "; ")
      ])
  }

  /// For each unit and architecture: what every switch cost one after the other, a panel each system, and the
  /// distributions of all in one.
  private func hourglassPanels(_ results: [BenchmarkResult]) -> [Chart] {
    var panels: [Chart] = []
    for (arch, unit) in kinds(results) {
      let ours = results.filter { $0.arch == arch && $0.unit == unit }
      var systems: [String] = []
      for result in ours where !systems.contains(result.system) { systems.append(result.system) }
      for system in systems {
        let shown = ours.filter { $0.system == system }
        // Outliers by the host or by other work of the kernel would press the rest flat: the axis ends above p99.
        let least = shown.map(\.min).min() ?? 0
        let most = Swift.max(shown.map(\.p99).max() ?? 0, least + 1)
        let margin = Double(most - least) * 0.15 + 2
        let beyond = shown.map { $0.samples.count { Double($0) > Double(most) + margin } }.reduce(0, +)
        panels.append(
          Chart(
            title: "Hourglass: \(Self.title(system)), \(arch)", x: Axis("switch"),
            y: Axis(unit.rawValue, range: Swift.max(0, Double(least) - margin)...(Double(most) + margin)),
            layers: shown.map { result in
              Layer(
                Self.label(result),
                .dots(
                  result.samples.prefix(result.runs.first?.count ?? 0).enumerated().map {
                    PlotPoint(Double($0.offset), Double($0.element))
                  }))
            }, note: beyond == 0 ? "" : "\(beyond) of \(shown.map(\.samples.count).reduce(0, +)) lie above"))
      }
      panels.append(
        distribution(
          ours, title: "Part of the switches that cost at most this, \(arch)", unit: unit))
    }
    return panels
  }

  /// A panel for each group, architecture and unit.
  private func distributions(_ results: [BenchmarkResult]) -> [Chart] {
    kinds(results).flatMap { arch, unit in
      let ours = results.filter { $0.arch == arch && $0.unit == unit }
      var groups: [String] = []
      for result in ours where !groups.contains(Catalogue.group(of: result.name)) {
        groups.append(Catalogue.group(of: result.name))
      }
      return groups.map { group in
        distribution(
          ours.filter { Catalogue.group(of: $0.name) == group }, title: "\(group), \(arch)", unit: unit)
      }
    }
  }

  private func kinds(_ results: [BenchmarkResult]) -> [(arch: String, unit: BenchmarkResult.Unit)] {
    var kinds: [(arch: String, unit: BenchmarkResult.Unit)] = []
    for result in results where !kinds.contains(where: { $0 == (result.arch, result.unit) }) {
      kinds.append((result.arch, result.unit))
    }
    return kinds
  }

  private func distribution(_ results: [BenchmarkResult], title: String, unit: BenchmarkResult.Unit) -> Chart
  {
    // Room on both sides: a curve that is one step must not coincide with the frame.
    let least = Double(Swift.max(1, results.map(\.min).min() ?? 1))
    let most = Double(Swift.max(2, results.map(\.max).max() ?? 2))
    return Chart(
      title: title, x: Axis(unit.rawValue, scale: .logarithmic, range: (least / 1.5)...(most * 1.5)),
      y: Axis("", range: 0...1, ticks: .percent),
      layers: results.map { .distribution(Self.label($0), of: $0.samples.map(Double.init)) })
  }

  private static func title(_ system: String) -> String {
    system == "apus" ? "Apus" : system.prefix(1).uppercased() + system.dropFirst()
  }

  private static func label(_ result: BenchmarkResult) -> String {
    result.system == "apus" ? result.name : "\(title(result.system)) \(result.name)"
  }
}
