/// A point of a chart, in the units of its axes.
public struct PlotPoint: Sendable, Equatable {
  /// Along the horizontal axis.
  public var x: Double
  /// Along the vertical axis.
  public var y: Double

  /// A point at (`x`, `y`).
  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// A bar of a bar chart: a height with an optional interval around it.
public struct Bar: Sendable, Equatable {
  /// The height.
  public var value: Double
  /// Lower and upper end of the whisker, if any.
  public var interval: ClosedRange<Double>?

  /// A bar as high as `value`.
  public init(_ value: Double, interval: ClosedRange<Double>? = nil) {
    self.value = value
    self.interval = interval
  }
}

/// A piece of a timeline: one row busy from `start` to `end`.
public struct Span: Sendable, Equatable {
  /// Which row, counted from 0 at the bottom; rows have the names of the vertical axis.
  public var row: Int
  /// Where it begins, in the unit of the horizontal axis.
  public var start: Double
  /// Where it ends.
  public var end: Double
  /// Pattern number: spans of one kind look alike.
  public var kind: Int

  /// A span of `row` from `start` to `end`.
  public init(row: Int, start: Double, end: Double, kind: Int = 0) {
    self.row = row
    self.start = start
    self.end = end
    self.kind = kind
  }
}

/// What one entry of the legend stands for.
public struct Layer: Sendable {
  /// The shape the data is drawn in.
  public enum Content: Sendable {
    /// Points joined by straight lines.
    case line([PlotPoint])
    /// Points alone.
    case scatter([PlotPoint])
    /// Very many points, each no more than a speck.
    case dots([PlotPoint])
    /// A staircase that stands still until the next point; for distributions.
    case steps([PlotPoint])
    /// The area between two curves over the same `x`, given as (lower, upper) pairs.
    case band(lower: [PlotPoint], upper: [PlotPoint])
    /// One bar for each name of the horizontal axis.
    case bars([Bar])
    /// Busy pieces of named rows.
    case spans([Span])
    /// A grid of values in grey, with contour lines.
    case heatMap(HeatMap)
  }

  /// The words in the legend; empty keeps the layer out of it.
  public var name: String
  /// The data and its shape.
  public var content: Content

  /// A layer named `name` in the legend.
  public init(_ name: String, _ content: Content) {
    self.name = name
    self.content = content
  }

  /// The cumulative distribution of `samples`: a staircase from 0 to 1.
  ///
  /// Not-a-number is left out.
  public static func distribution(_ name: String, of samples: [Double]) -> Layer {
    let sorted = samples.filter { !$0.isNaN }.sorted()
    var points: [PlotPoint] = []
    for (index, value) in sorted.enumerated() {
      let height = Double(index + 1) / Double(sorted.count)
      if points.last?.x == value {
        points[points.count - 1].y = height
      } else {
        points.append(PlotPoint(value, height))
      }
    }
    if let first = points.first { points.insert(PlotPoint(first.x, 0), at: 0) }
    return Layer(name, .steps(points))
  }
}
