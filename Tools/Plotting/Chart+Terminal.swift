/// How a chart is written to a terminal.
public struct TerminalStyle: Sendable {
  /// Character columns of the whole chart, at least 30.
  public var columns: Int
  /// Character rows between the axes, at least 5.
  public var rows: Int
  /// Whether titles may be emphasised by escape sequences.
  ///
  /// Follow the NO_COLOR convention when setting it.
  public var emphasis: Bool

  /// A style for a terminal of `columns` characters.
  public init(columns: Int = 78, rows: Int = 18, emphasis: Bool = false) {
    self.columns = max(30, columns)
    self.rows = max(5, rows)
    self.emphasis = emphasis
  }
}

extension Chart {
  /// The chart as lines of text: curves as braille dots with a letter at their end, grids as shades.
  public func terminalText(_ style: TerminalStyle = TerminalStyle()) -> String {
    let shown = ranges()
    let marks = y.tickMarks(in: shown.y, wanted: max(2, style.rows / 4))
    let margin = max(6, marks.map(\.label.count).max() ?? 0)
    let width = max(10, style.columns - margin - 3)
    var grid = cells(width: width, rows: style.rows, xRange: shown.x, yRange: shown.y)
    var lines = [style.emphasis ? "\u{1B}[1m\(title)\u{1B}[0m" : title]
    var labels: [Int: String] = [:]
    for mark in marks {
      let row = Int(((1 - y.fraction(mark.value, in: shown.y)) * Double(style.rows - 1)).rounded())
      labels[row] = mark.label
    }
    for row in 0..<style.rows {
      let label = labels[row] ?? ""
      let bar = labels[row] == nil ? "│" : "┤"
      while grid[row].last == " " { grid[row].removeLast() }
      lines.append(
        String(repeating: " ", count: margin - label.count) + label + " " + bar + String(grid[row]))
    }
    lines.append(String(repeating: " ", count: margin + 1) + "└" + String(repeating: "─", count: width))
    lines.append(horizontalLabels(width: width, margin: margin + 2, range: shown.x))
    let caption = x.label + (y.label.isEmpty ? "" : "   (up: \(y.label))")
    lines.append(String(repeating: " ", count: margin + 2) + caption)
    lines += legendLines()
    return lines.joined(separator: "\n") + "\n"
  }

  private func cells(
    width: Int, rows: Int, xRange: ClosedRange<Double>, yRange: ClosedRange<Double>
  ) -> [[Character]] {
    var canvas = BrailleCanvas(columns: width, rows: rows)
    var letters: [(row: Int, column: Int, letter: Character)] = []
    var grid = Array(repeating: Array(repeating: Character(" "), count: width), count: rows)
    func dot(_ point: PlotPoint) -> (Int, Int)? {
      guard x.canShow(point.x), y.canShow(point.y) else { return nil }
      let across = x.fraction(point.x, in: xRange) * Double(width * 2 - 1)
      let down = (1 - y.fraction(point.y, in: yRange)) * Double(rows * 4 - 1)
      guard across.magnitude < 1e5, down.magnitude < 1e5 else { return nil }
      return (Int(across.rounded()), Int(down.rounded()))
    }
    for (index, layer) in layers.enumerated() {
      let letter = Self.letter(index)
      switch layer.content {
      case .line(let points), .steps(let points):
        let dots = points.map(dot)
        for pair in zip(dots, dots.dropFirst()) {
          if let from = pair.0, let to = pair.1 {
            canvas.line(from: from, to: to, gap: index == 0 ? 0 : index + 1)
          }
        }
        // A letter that the legend does not explain says nothing.
        if !layer.name.isEmpty, let last = dots.compactMap({ $0 }).last {
          letters.append((last.1 / 4, last.0 / 2, letter))
        }
      case .scatter(let points):
        for spot in points.compactMap(dot) { letters.append((spot.1 / 4, spot.0 / 2, letter)) }
      case .dots(let points):
        for spot in points.compactMap(dot) { canvas.set(spot.0, spot.1) }
      case .band(let lower, let upper):
        for edge in [lower.map(dot), upper.map(dot)] {
          for pair in zip(edge, edge.dropFirst()) {
            if let from = pair.0, let to = pair.1 { canvas.line(from: from, to: to, gap: 2) }
          }
        }
      case .bars(let bars):
        for (place, bar) in bars.enumerated() {
          guard let head = dot(PlotPoint(Double(place), bar.value)),
            let foot = dot(PlotPoint(Double(place), 0))
          else { continue }
          for row in min(head.1, foot.1)...max(head.1, foot.1) {
            letters.append((row / 4, head.0 / 2 + index, "█"))
          }
        }
      case .spans(let spans):
        for span in spans {
          guard let from = dot(PlotPoint(span.start, Double(span.row))),
            let to = dot(PlotPoint(span.end, Double(span.row)))
          else { continue }
          for column in min(from.0, to.0)...max(from.0, to.0) {
            letters.append((from.1 / 4, column / 2, Array("█▒▓░")[span.kind % 4]))
          }
        }
      case .heatMap(let map):
        for row in 0..<rows {
          for column in 0..<width {
            let across = (Double(column) + 0.5) / Double(width)
            let up = (Double(rows - 1 - row) + 0.5) / Double(rows)
            let value = map.value(nearX: x.value(at: across, in: xRange), y: y.value(at: up, in: yRange))
            guard let shade = map.shade(of: value) else { continue }
            grid[row][column] =
              Self.shades[min(Self.shades.count - 1, Int(shade * Double(Self.shades.count)))]
          }
        }
      }
    }
    for row in 0..<rows {
      for (column, character) in canvas.text(row: row).enumerated() where character != " " {
        grid[row][column] = character
      }
    }
    for spot in letters where grid.indices.contains(spot.row) && grid[spot.row].indices.contains(spot.column)
    {
      grid[spot.row][spot.column] = spot.letter
    }
    return grid
  }

  private func horizontalLabels(width: Int, margin: Int, range: ClosedRange<Double>) -> String {
    var line = Array(repeating: Character(" "), count: margin + width)
    var free = 0
    for mark in x.tickMarks(in: range, wanted: max(2, width / 12)) {
      let centre = margin + Int((x.fraction(mark.value, in: range) * Double(width - 1)).rounded())
      let start = max(free, min(centre - mark.label.count / 2, line.count - mark.label.count))
      guard start + mark.label.count <= line.count, start <= centre else { continue }
      for (offset, character) in mark.label.enumerated() { line[start + offset] = character }
      free = start + mark.label.count + 1
    }
    while line.last == " " { line.removeLast() }
    return String(line)
  }

  private func legendLines() -> [String] {
    var lines: [String] = []
    for (index, layer) in layers.enumerated() {
      if case .heatMap(let map) = layer.content {
        let labels = map.shadeLabels
        let name = layer.name.isEmpty ? "" : ": \(layer.name)"
        lines.append("  shades \(labels.light) '\(String(Self.shades))' \(labels.dark)\(name)")
      } else if !layer.name.isEmpty {
        lines.append("  \(Self.letter(index)) = \(layer.name)")
      }
    }
    return lines + (note.isEmpty ? [] : ["  " + note])
  }

  /// From the smallest value to the largest; what has no value stays blank.
  private static let shades = Array("·░▒▓█")

  private static func letter(_ index: Int) -> Character {
    Array("abcdefghijklmnopqrstuvwxyz")[index % 26]
  }
}
