/// Draws one chart into a rectangle of an SVG document.
struct PanelRenderer {
  let chart: Chart
  /// The rectangle inside the axes.
  let left: Double
  let top: Double
  let width: Double
  let height: Double
  let xRange: ClosedRange<Double>
  let yRange: ClosedRange<Double>

  init(_ chart: Chart, x: Double, y: Double, width: Double, height: Double) {
    self.chart = chart
    // Long row names need room; 6.2 px is a generous width for a letter of 11 px text.
    let longest = chart.y.names.map(\.count).max() ?? 0
    let leftMargin = max(64, Double(longest) * 6.2 + 28)
    let bottomMargin =
      46 + (chart.note.isEmpty && chart.heatMap == nil ? 0 : 16.0) + (Self.slants(chart.x) ? 40 : 0)
    left = x + leftMargin
    top = y + 30
    self.width = width - leftMargin - 18
    self.height = height - 30 - bottomMargin
    (xRange, yRange) = chart.ranges()
  }

  private static func slants(_ axis: Axis) -> Bool { (axis.names.map(\.count).reduce(0, +)) > 48 }

  func place(_ point: PlotPoint) -> (x: Double, y: Double) {
    (
      left + width * chart.x.fraction(point.x, in: xRange),
      top + height * (1 - chart.y.fraction(point.y, in: yRange))
    )
  }

  /// Draws everything; `clip` is a name no other panel of the document uses.
  func draw(in document: inout SVGDocument, clip: String) {
    document.heading(chart.title, x: left + width / 2, y: top - 12, size: 13, within: width + 36)
    document.open("clipPath", [("id", clip)])
    document.rectangle(left, top, width, height, [])
    document.close("clipPath")
    document.open("g", [("clip-path", "url(#\(clip))")])
    for (index, layer) in chart.layers.enumerated() { draw(layer, Marking(index: index), in: &document) }
    document.close("g")
    drawFrame(in: &document)
    drawLegend(in: &document)
    let noteY = top + height + (Self.slants(chart.x) ? 98 : 56)
    if let map = chart.heatMap {
      drawScale(of: map, y: noteY, in: &document)
    } else {
      document.text(chart.note, x: left + width / 2, y: noteY, size: 10, anchor: "middle")
    }
  }

  // MARK: - Axes

  private func drawFrame(in document: inout SVGDocument) {
    document.rectangle(left, top, width, height, [("fill", "none"), ("stroke", "black")])
    let bottom = top + height
    for tick in chart.x.tickMarks(in: xRange, wanted: max(2, Int(width / 70))) {
      let x = left + width * chart.x.fraction(tick.value, in: xRange)
      document.line(x, bottom, x, bottom + 4, [("stroke", "black")])
      if Self.slants(chart.x) {
        document.text(tick.label, x: x + 4, y: bottom + 8, size: 10, anchor: "end", quarterTurn: true)
      } else {
        document.text(tick.label, x: x, y: bottom + 17, anchor: "middle")
      }
    }
    for tick in chart.y.tickMarks(in: yRange, wanted: max(2, Int(height / 40))) {
      let y = top + height * (1 - chart.y.fraction(tick.value, in: yRange))
      document.line(left - 4, y, left, y, [("stroke", "black")])
      document.text(tick.label, x: left - 7, y: y + 4, anchor: "end")
    }
    let labelY = bottom + (Self.slants(chart.x) ? 78 : 36)
    document.text(chart.x.label, x: left + width / 2, y: labelY, size: 12, anchor: "middle")
    let longest = chart.y.names.map(\.count).max() ?? 0
    document.text(
      chart.y.label, x: left - max(48, Double(longest) * 6.2 + 14), y: top + height / 2, size: 12,
      anchor: "middle",
      quarterTurn: true)
  }

  // MARK: - Layers

  private func draw(_ layer: Layer, _ marking: Marking, in document: inout SVGDocument) {
    switch layer.content {
    case .line(let points):
      document.element("path", [("d", path(points))] + marking.curve)
      drawMarkers(thinned(points), marking, in: &document)
    case .scatter(let points): drawMarkers(points, marking, in: &document)
    case .dots(let points):
      document.element("path", [("d", marking.specks(points.compactMap(visiblePlace)))] + marking.speck)
    case .steps(let points):
      var corners: [PlotPoint] = []
      for point in points {
        if let last = corners.last { corners.append(PlotPoint(point.x, last.y)) }
        corners.append(point)
      }
      document.element("path", [("d", path(corners))] + marking.curve)
    case .band(let lower, let upper):
      let outline = path(lower + upper.reversed())
      document.element("path", [("d", outline + " Z"), ("fill", "#d0d0d0"), ("fill-opacity", "0.6")])
    case .bars(let bars): draw(bars, marking, in: &document)
    case .spans(let spans): draw(spans, in: &document)
    case .heatMap(let map): draw(map, in: &document)
    }
  }

  /// Path text through the points an axis can show; a point it cannot show breaks the line.
  func path(_ points: [PlotPoint]) -> String {
    var text = ""
    var joined = false
    for point in points {
      guard chart.x.canShow(point.x), chart.y.canShow(point.y) else {
        joined = false
        continue
      }
      let spot = place(point)
      text += (text.isEmpty ? "" : " ") + (joined ? "L" : "M")
      text += NumberText.coordinate(spot.x) + " " + NumberText.coordinate(spot.y)
      joined = true
    }
    return text
  }

  /// At most ten of the points, spread evenly: a marker on every point of a fine curve hides its dashes.
  private func thinned(_ points: [PlotPoint]) -> [PlotPoint] {
    guard points.count > 10 else { return points }
    return (0..<10).map { points[$0 * (points.count - 1) / 9] }
  }

  private func drawMarkers(_ points: [PlotPoint], _ marking: Marking, in document: inout SVGDocument) {
    for point in points where chart.x.canShow(point.x) && chart.y.canShow(point.y) {
      let spot = place(point)
      marking.draw(in: &document, x: spot.x, y: spot.y)
    }
  }

  private func visiblePlace(_ point: PlotPoint) -> (x: Double, y: Double)? {
    chart.x.canShow(point.x) && chart.y.canShow(point.y) ? place(point) : nil
  }

  private func draw(_ bars: [Bar], _ marking: Marking, in document: inout SVGDocument) {
    let groups = chart.layers.indices.filter {
      if case .bars = chart.layers[$0].content { true } else { false }
    }
    let position = Double(groups.firstIndex(of: marking.index) ?? 0)
    let barWidth = 0.8 / Double(max(groups.count, 1))
    let floor = chart.y.canShow(0) ? 0 : yRange.lowerBound
    for (index, bar) in bars.enumerated() where chart.y.canShow(bar.value) {
      let start = Double(index) - 0.4 + position * barWidth
      let (a, b) = (place(PlotPoint(start, bar.value)), place(PlotPoint(start + barWidth, floor)))
      document.rectangle(
        a.x, min(a.y, b.y), b.x - a.x, (b.y - a.y).magnitude, [("fill", marking.fill), ("stroke", "black")])
      guard let interval = bar.interval else { continue }
      let low = place(PlotPoint(start + barWidth / 2, interval.lowerBound))
      let high = place(PlotPoint(start + barWidth / 2, interval.upperBound))
      document.line(low.x, low.y, high.x, high.y, [("stroke", "black")])
      for end in [low, high] { document.line(end.x - 3, end.y, end.x + 3, end.y, [("stroke", "black")]) }
    }
  }

  private func draw(_ spans: [Span], in document: inout SVGDocument) {
    for span in spans {
      let a = place(PlotPoint(span.start, Double(span.row) + 0.35))
      let b = place(PlotPoint(span.end, Double(span.row) - 0.35))
      document.rectangle(
        a.x, a.y, max(b.x - a.x, 0.5), b.y - a.y,
        [("fill", Marking(index: span.kind).fill), ("stroke", "black")])
    }
  }

  // MARK: - Legend

  private func drawLegend(in document: inout SVGDocument) {
    let named = chart.layers.enumerated().filter { !$0.element.name.isEmpty }
    guard !named.isEmpty else { return }
    let rowHeight = 16.0
    let boxWidth = 44 + 6.2 * Double(named.map { $0.element.name.count }.max() ?? 0)
    let boxHeight = rowHeight * Double(named.count) + 6
    let corner = emptiestPlace(boxWidth, boxHeight)
    document.rectangle(
      corner.x, corner.y, boxWidth, boxHeight,
      [("fill", "white"), ("fill-opacity", "0.85"), ("stroke", "#808080")])
    for (row, entry) in named.enumerated() {
      let y = corner.y + 11 + rowHeight * Double(row)
      let marking = Marking(index: entry.offset)
      switch entry.element.content {
      case .bars, .spans:
        document.rectangle(
          corner.x + 6, y - 5, 22, 10, [("fill", marking.fill), ("stroke", "black")])
      case .band: document.rectangle(corner.x + 6, y - 5, 22, 10, [("fill", "#d0d0d0")])
      case .scatter: marking.draw(in: &document, x: corner.x + 17, y: y)
      case .dots:
        let row = [8, 14, 20, 26].map { (x: corner.x + $0, y: y) }
        document.element("path", [("d", marking.specks(row))] + marking.speck)
      case .line:
        document.line(corner.x + 5, y, corner.x + 29, y, marking.curve)
        marking.draw(in: &document, x: corner.x + 17, y: y)
      case .steps: document.line(corner.x + 5, y, corner.x + 29, y, marking.curve)
      case .heatMap: document.rectangle(corner.x + 6, y - 5, 22, 10, [("fill", "#909090")])
      }
      document.text(entry.element.name, x: corner.x + 35, y: y + 4)
    }
  }

  /// The place for a box that covers the fewest points: a corner of the panel if one is as good as any.
  private func emptiestPlace(_ boxWidth: Double, _ boxHeight: Double) -> (x: Double, y: Double) {
    let (farX, farY) = (width - boxWidth - 16, height - boxHeight - 16)
    let fractions = [0, 1, 0.5, 0.25, 0.75]
    let places = fractions.flatMap { y in
      fractions.map { (left + 8 + max(0, farX) * $0, top + 8 + max(0, farY) * y) }
    }
    var spots: [(x: Double, y: Double)] = []
    for layer in chart.layers {
      switch layer.content {
      case .scatter(let points), .dots(let points): spots += points.compactMap(visiblePlace)
      case .line(let points), .steps(let points):
        // A curve of few points covers what lies between them, too.
        let places = points.compactMap(visiblePlace)
        spots += places
        for (from, to) in zip(places, places.dropFirst()) {
          for step in stride(from: 0.1, to: 0.95, by: 0.1) {
            spots.append((from.x + (to.x - from.x) * step, from.y + (to.y - from.y) * step))
          }
        }
      case .bars(let bars):
        spots += bars.enumerated().map { place(PlotPoint(Double($0.offset), $0.element.value)) }
      default: break
      }
    }
    func covered(_ corner: (Double, Double)) -> Int {
      spots.count { spot in
        (corner.0...(corner.0 + boxWidth)).contains(spot.x)
          && (corner.1...(corner.1 + boxHeight)).contains(spot.y)
      }
    }
    let counts = places.map(covered)
    let best = counts.indices.min { (counts[$0], $0) < (counts[$1], $1) } ?? 0
    return places[best]
  }
}
