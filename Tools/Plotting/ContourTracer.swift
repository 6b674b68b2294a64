/// A straight piece of a contour line, in the units of the axes.
struct ContourPiece: Equatable {
  var from: PlotPoint
  var to: PlotPoint
}

/// Finds where a grid of values crosses a level: marching squares with linear interpolation.
///
/// A saddle is split by the mean of its four corners. Cells with a value that is not finite are skipped.
enum ContourTracer {
  /// The pieces of the contour of `map` at `level`, cell by cell.
  static func pieces(of map: HeatMap, at level: Double) -> [ContourPiece] {
    var pieces: [ContourPiece] = []
    let columns = map.xs.count
    for row in 0..<max(0, map.ys.count - 1) {
      for column in 0..<max(0, columns - 1) {
        let first = row * columns + column
        // Corners in a circle: below left, below right, above right, above left.
        let corners = [
          map.values[first], map.values[first + 1], map.values[first + columns + 1],
          map.values[first + columns],
        ]
        guard corners.allSatisfy(\.isFinite) else { continue }
        let places = [
          PlotPoint(map.xs[column], map.ys[row]), PlotPoint(map.xs[column + 1], map.ys[row]),
          PlotPoint(map.xs[column + 1], map.ys[row + 1]), PlotPoint(map.xs[column], map.ys[row + 1]),
        ]
        pieces += crossing(corners, places, level)
      }
    }
    return pieces
  }

  private static func crossing(_ corners: [Double], _ places: [PlotPoint], _ level: Double) -> [ContourPiece]
  {
    var cuts: [PlotPoint] = []
    for side in 0..<4 {
      let next = (side + 1) % 4
      let (low, high) = (corners[side], corners[next])
      guard (low < level) != (high < level) else { continue }
      let share = (level - low) / (high - low)
      let (from, to) = (places[side], places[next])
      cuts.append(PlotPoint(from.x + share * (to.x - from.x), from.y + share * (to.y - from.y)))
    }
    switch cuts.count {
    case 2: return [ContourPiece(from: cuts[0], to: cuts[1])]
    case 4:
      let centre = corners.reduce(0, +) / 4
      // With the first corner on the centre's side of the level, the cuts separate the other two corners.
      return (centre < level) == (corners[0] < level)
        ? [ContourPiece(from: cuts[0], to: cuts[1]), ContourPiece(from: cuts[2], to: cuts[3])]
        : [ContourPiece(from: cuts[3], to: cuts[0]), ContourPiece(from: cuts[1], to: cuts[2])]
    default: return []
    }
  }
}
