/// One panel: axes, layers and the words around them.
///
/// A value; drawing it is the business of a renderer.
public struct Chart: Sendable {
  /// Above the panel.
  public var title: String
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// What is drawn, from back to front.
  public var layers: [Layer]
  /// A line of small text below the panel, for instance where the data comes from.
  public var note: String

  /// A chart of `layers`.
  public init(title: String, x: Axis, y: Axis, layers: [Layer] = [], note: String = "") {
    self.title = title
    self.x = x
    self.y = y
    self.layers = layers
    self.note = note
  }

  /// The grid of values among the layers, if there is one.
  var heatMap: HeatMap? {
    for layer in layers { if case .heatMap(let map) = layer.content { return map } }
    return nil
  }

  /// The parts of both axes that are shown.
  func ranges() -> (x: ClosedRange<Double>, y: ClosedRange<Double>) {
    var xs: [Double] = []
    var ys: [Double] = []
    for layer in layers {
      switch layer.content {
      case .line(let points), .scatter(let points), .dots(let points), .steps(let points):
        for point in points where x.canShow(point.x) && y.canShow(point.y) {
          xs.append(point.x)
          ys.append(point.y)
        }
      case .band(let lower, let upper):
        for point in lower + upper where x.canShow(point.x) && y.canShow(point.y) {
          xs.append(point.x)
          ys.append(point.y)
        }
      case .bars(let bars):
        xs += [-0.5, Double(bars.count) - 0.5]
        // A bar's length is its message, so the axis starts at zero.
        ys.append(0)
        for bar in bars {
          ys.append(bar.value)
          if let interval = bar.interval { ys += [interval.lowerBound, interval.upperBound] }
        }
      case .spans(let spans):
        for span in spans {
          xs += [span.start, span.end]
          ys += [Double(span.row) - 0.5, Double(span.row) + 0.5]
        }
      case .heatMap(let map):
        xs += map.xs
        ys += map.ys
      }
    }
    return (x.resolvedRange(xs), withHeadroom(y.resolvedRange(ys)))
  }

  /// A curve that runs along the frame cannot be told from it: some room above, where the data gives the range.
  private func withHeadroom(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
    guard y.range == nil, y.scale == .linear, y.names.isEmpty, heatMap == nil else { return range }
    return range.lowerBound...(range.upperBound + 0.04 * (range.upperBound - range.lowerBound))
  }
}

/// Several charts in rows, as one picture.
public struct Figure: Sendable {
  /// Above everything.
  public var title: String
  /// The charts, row by row.
  public var panels: [Chart]
  /// How many panels stand side by side; at least 1.
  public var columns: Int
  /// Size of one panel in pixels.
  public var panelWidth: Double
  /// Size of one panel in pixels.
  public var panelHeight: Double
  /// Lines of small text below everything.
  public var notes: [String]

  /// A figure of `panels`.
  public init(
    title: String = "", panels: [Chart], columns: Int = 1, panelWidth: Double = 480,
    panelHeight: Double = 340,
    notes: [String] = []
  ) {
    self.title = title
    self.panels = panels
    self.columns = max(1, columns)
    self.panelWidth = panelWidth
    self.panelHeight = panelHeight
    self.notes = notes
  }
}
