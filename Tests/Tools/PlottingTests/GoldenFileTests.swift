import Foundation
import Testing

@testable import Plotting

/// Charts against files that a person has looked at.
///
/// APUS_UPDATE_GOLDEN=1 writes them anew.
struct GoldenFileTests {
  private static let curves = Chart(
    title: "Curves & <marks>", x: Axis("gain", scale: .logarithmic), y: Axis("speedup"),
    layers: [
      Layer("falling", .line((1...20).map { PlotPoint(Double($0), 20 / Double($0)) })),
      Layer("rising", .line((1...20).map { PlotPoint(Double($0), Double($0)) })),
      Layer("measured", .scatter([PlotPoint(2, 9), PlotPoint(5, 6), PlotPoint(10, 11)])),
      Layer(
        "", .band(lower: [PlotPoint(1, 1), PlotPoint(20, 2)], upper: [PlotPoint(1, 3), PlotPoint(20, 5)])),
    ], note: "made up")
  private static let bars = Chart(
    title: "Bars", x: Axis("program", names: ["gzip", "bzip2"]), y: Axis("seconds"),
    layers: [
      Layer("before", .bars([Bar(2), Bar(3, interval: 2.5...3.5)])), Layer("after", .bars([Bar(1), Bar(2)])),
    ])
  private static let map = Chart(
    title: "Map", x: Axis("x"), y: Axis("y"),
    layers: [
      Layer(
        "",
        .heatMap(
          HeatMap(
            xs: [0, 1, 2, 3], ys: [0, 1, 2],
            values: (0..<12).map { Double($0 % 4) * Double($0 / 4) }, contours: [1, 3])))
    ])
  private static let timeline = Chart(
    title: "Timeline", x: Axis("time", ticks: .engineering(unit: "s")),
    y: Axis("", names: ["core 0", "core 1"]),
    layers: [
      Layer(
        "", .spans([Span(row: 0, start: 0, end: 0.002), Span(row: 1, start: 0.001, end: 0.004, kind: 1)]))
    ])
  private static let distribution = Chart(
    title: "Distribution", x: Axis("calls"), y: Axis("share", ticks: .percent),
    layers: [.distribution("read", of: [3, 1, 2, 2]), .distribution("write", of: [5, 4, .nan, 1])])

  private static let specks = Chart(
    title: "Specks", x: Axis("iteration"), y: Axis("ticks", scale: .logarithmic),
    layers: [
      Layer("one", .dots((0..<200).map { PlotPoint(Double($0), 100 + Double($0 * $0 % 37)) })),
      Layer("other", .dots((0..<200).map { PlotPoint(Double($0), 900 + Double($0 * 7 % 101)) })),
    ])

  private static func check(_ text: String, _ name: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    let file = folder.appending(path: name)
    if ProcessInfo.processInfo.environment["APUS_UPDATE_GOLDEN"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(text == (try String(contentsOf: file, encoding: .utf8)), "\(name) differs from what was reviewed")
  }

  @Test func severalPanelsMatchTheReviewedPicture() throws {
    let figure = Figure(
      title: "All shapes",
      panels: [Self.curves, Self.bars, Self.map, Self.timeline, Self.distribution, Self.specks],
      columns: 2,
      notes: ["Every shape the library draws."])
    try Self.check(figure.svg(), "shapes.svg")
  }

  @Test func terminalTextMatchesWhatWasReviewed() throws {
    let charts = [Self.curves, Self.bars, Self.map, Self.timeline, Self.distribution, Self.specks]
    try Self.check(charts.map { $0.terminalText() }.joined(separator: "\n"), "shapes.txt")
  }

  @Test func valuesThatCannotBeShownLeaveValidText() {
    let odd = [Double.nan, .infinity, -.infinity, 0, -1, 1e308, .leastNonzeroMagnitude].map {
      PlotPoint($0, $0)
    }
    for scale in AxisScale.allCases {
      let chart = Chart(
        title: "odd\u{1}", x: Axis("x", scale: scale), y: Axis("y", scale: scale),
        layers: [
          Layer("a", .line(odd)), Layer("b", .scatter(odd)), Layer("c", .steps(odd)), Layer("d", .dots(odd)),
        ])
      let svg = Figure(panels: [chart]).svg()
      #expect(!svg.contains("nan") && !svg.contains("inf") && !svg.contains("\u{1}"))
      #expect(!chart.terminalText().isEmpty)
    }
  }

  @Test func specksAtOnePlaceAreDrawnOnce() {
    let chart = Chart(
      title: "", x: Axis("", range: 0...1), y: Axis("", range: 0...1),
      layers: [Layer("", .dots(Array(repeating: PlotPoint(0.5, 0.5), count: 1_000)))])
    #expect(Figure(panels: [chart]).svg().ranges(of: "h0").count == 1)
  }

  @Test func emphasisIsAbsentUnlessAskedFor() {
    #expect(!Self.curves.terminalText().contains("\u{1B}"))
    #expect(Self.curves.terminalText(TerminalStyle(emphasis: true)).contains("\u{1B}[1m"))
  }
}
