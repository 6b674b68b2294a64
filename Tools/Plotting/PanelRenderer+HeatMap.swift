extension PanelRenderer {
  /// Levels of grey a heat map uses; more would not be told apart in print.
  private static let shades = 12

  /// Draws the cells in grey, then the contours over them.
  func draw(_ map: HeatMap, in document: inout SVGDocument) {
    let columns = edges(map.xs.map { chart.x.fraction($0, in: xRange) })
    let rows = edges(map.ys.map { chart.y.fraction($0, in: yRange) })
    document.open("g", [("shape-rendering", "crispEdges")])
    for row in map.ys.indices {
      // Neighbours of one shade become one rectangle: a map of 200 x 200 stays a file of tens of kilobytes.
      let shades = map.xs.indices.map { shadeNumber(map, map.values[row * map.xs.count + $0]) }
      var column = 0
      while column < map.xs.count {
        var end = column + 1
        while end < map.xs.count, shades[end] == shades[column] { end += 1 }
        document.rectangle(
          left + width * columns[column], top + height * (1 - rows[row + 1]),
          width * (columns[end] - columns[column]), height * (rows[row + 1] - rows[row]),
          [("fill", grey(shades[column]))])
        column = end
      }
    }
    document.close("g")
    drawContours(of: map, in: &document)
  }

  private func drawContours(of map: HeatMap, in document: inout SVGDocument) {
    let contours = map.contours.map { (level: $0, pieces: ContourTracer.pieces(of: map, at: $0)) }
    for contour in contours where !contour.pieces.isEmpty {
      let text = contour.pieces.map { path([$0.from, $0.to]) }.joined(separator: " ")
      document.element("path", [("d", text), ("fill", "none"), ("stroke", "white"), ("stroke-width", "3")])
      document.element("path", [("d", text), ("fill", "none"), ("stroke", "black"), ("stroke-width", "1.2")])
    }
    var labels = LabelPlaces(left: left, top: top, width: width, height: height)
    for contour in contours where !contour.pieces.isEmpty {
      let text = NumberText.significant(contour.level, digits: 3)
      // Half-way along first, then ever closer to the ends; a label that finds no place is left out.
      let tries = [8, 5, 11, 3, 13, 6, 10, 2, 14, 4, 12, 7, 9, 1, 15]
      let places = tries.map { place(contour.pieces[contour.pieces.count * $0 / 16].from) }
      let half = 3.5 * Double(text.count)
      guard let spot = places.first(where: { labels.take($0.x, $0.y, halfWidth: half, halfHeight: 7) }) else {
        continue
      }
      document.rectangle(spot.x - half, spot.y - 7, 2 * half, 13, [("fill", "white")])
      document.text(text, x: spot.x, y: spot.y + 4, size: 10, anchor: "middle")
    }
  }

  /// Draws the shades in a row between the smallest and the largest value, with the note before them.
  func drawScale(of map: HeatMap, y: Double, in document: inout SVGDocument) {
    let labels = map.shadeLabels
    let boxWidth = 9.0
    let start = left + width / 2
    let note = chart.note.isEmpty ? labels.light : "\(chart.note)   \(labels.light)"
    document.text(note, x: start - 5, y: y, size: 10, anchor: "end")
    for shade in 0..<Self.shades {
      document.rectangle(
        start + boxWidth * Double(shade), y - 8, boxWidth, 9, [("fill", grey(shade)), ("stroke", "#808080")])
    }
    document.text(labels.dark, x: start + boxWidth * Double(Self.shades) + 5, y: y, size: 10)
  }

  /// Borders half-way between neighbouring centres; the outermost lie on the frame.
  private func edges(_ centres: [Double]) -> [Double] {
    var result = [0.0]
    for index in 1..<max(1, centres.count) { result.append((centres[index - 1] + centres[index]) / 2) }
    return result + [1]
  }

  private func shadeNumber(_ map: HeatMap, _ value: Double) -> Int {
    guard let share = map.shade(of: value) else { return -1 }
    return min(Self.shades - 1, Int(share * Double(Self.shades)))
  }

  /// Light is low, dark is high; a value that is not finite is white.
  private func grey(_ shade: Int) -> String {
    guard shade >= 0 else { return "#ffffff" }
    let level = 240 - shade * 190 / (Self.shades - 1)
    let digits = String(level, radix: 16)
    return "#" + digits + digits + digits
  }
}

/// Where labels stand already, so that none covers another.
private struct LabelPlaces {
  let left: Double
  let top: Double
  let width: Double
  let height: Double
  private var taken: [(x: Double, y: Double, halfWidth: Double, halfHeight: Double)] = []

  init(left: Double, top: Double, width: Double, height: Double) {
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }

  /// Takes the box around (`x`, `y`) if it lies within the panel and touches no other.
  mutating func take(_ x: Double, _ y: Double, halfWidth: Double, halfHeight: Double) -> Bool {
    guard x - halfWidth >= left, x + halfWidth <= left + width, y - halfHeight >= top,
      y + halfHeight <= top + height
    else { return false }
    for other in taken {
      let isApart =
        (x - other.x).magnitude >= halfWidth + other.halfWidth + 2
        || (y - other.y).magnitude >= halfHeight + other.halfHeight
      guard isApart else { return false }
    }
    taken.append((x, y, halfWidth, halfHeight))
    return true
  }
}
