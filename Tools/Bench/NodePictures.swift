import Plotting

extension BenchmarkReport {
  /// What depends on a number: throughput on the size of messages; many to one, locks and barriers on the nodes.
  func nodePanels(_ results: [BenchmarkResult]) -> [Chart] {
    var architectures: [String] = []
    for result in results where !architectures.contains(result.arch) { architectures.append(result.arch) }
    return architectures.flatMap { arch in
      let ours = results.filter { $0.arch == arch }
      return [
        throughput(ours, arch),
        byNodes(
          ours, title: "Many to one, \(arch)", y: "ticks a message",
          [("to one", "nodes/from-", "-to-1")]),
        byNodes(
          ours, title: "Locks, \(arch)", y: "ticks an acquisition",
          ["test-and-set", "ticket", "queue", "robust"].map { ($0, "nodes/lock-\($0)/", "") }),
        byNodes(
          ours, title: "Barriers, \(arch)", y: "ticks an episode",
          ["central", "dissemination", "tree", "messages"].map { ($0, "nodes/barrier-\($0)/", "") }),
      ].compactMap(\.self)
    }
  }

  /// Results whose names have a number between two parts, by that number.
  private func numbered(_ results: [BenchmarkResult], _ prefix: String, _ suffix: String)
    -> [(number: Int, result: BenchmarkResult)]
  {
    results.compactMap { result in
      guard result.name.hasPrefix(prefix), result.name.hasSuffix(suffix),
        let number = Int(result.name.dropFirst(prefix.count).dropLast(suffix.count))
      else { return nil }
      return (number, result)
    }.sorted { $0.number < $1.number }
  }

  private func throughput(_ results: [BenchmarkResult], _ arch: String) -> Chart? {
    let points = numbered(results, "node/stream-", "").filter { $0.result.min > 0 }
    guard !points.isEmpty else { return nil }
    func line(_ value: (BenchmarkResult) -> Int) -> Layer.Content {
      .line(
        points.map {
          PlotPoint(Double($0.number), Double($0.number) / Double(Swift.max(1, value($0.result))))
        })
    }
    return Chart(
      title: "One way, by size, \(arch)", x: Axis("bytes", scale: .logarithmic),
      y: Axis("bytes a tick", scale: .logarithmic),
      layers: [Layer("best batch", line(\.min)), Layer("median", line(\.median))])
  }

  /// The least of each result: the medians are the host's turns when it has fewer processors than the machine.
  private func byNodes(
    _ results: [BenchmarkResult], title: String, y: String,
    _ kinds: [(name: String, prefix: String, suffix: String)]
  ) -> Chart? {
    let layers = kinds.compactMap { kind -> Layer? in
      let points = numbered(results, kind.prefix, kind.suffix)
      guard !points.isEmpty else { return nil }
      return Layer(
        kind.name, .line(points.map { PlotPoint(Double($0.number), Double(Swift.max(1, $0.result.min))) }))
    }
    guard !layers.isEmpty else { return nil }
    return Chart(
      title: title, x: Axis("nodes"), y: Axis("\(y), least", scale: .logarithmic), layers: layers)
  }
}
