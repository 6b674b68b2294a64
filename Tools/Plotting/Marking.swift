/// How the layers of a chart are told apart on a printer without colour: by dash pattern and marker first,
/// by shade of grey second.
///
/// Number 0 is the plainest; after the last the patterns repeat with other markers.
struct Marking {
  /// Which layer this is.
  var index: Int

  private static let dashes = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2 1 2"]
  private static let greys = ["#000000", "#505050", "#202020", "#707070", "#383838", "#606060"]
  private static let fills = ["#b0b0b0", "#ffffff", "#606060", "#dcdcdc", "#303030", "#8c8c8c"]
  /// Marker outlines in a box of ±1.
  private enum Marker: CaseIterable { case circle, square, triangle, cross, diamond, plus }

  var dash: String { Self.dashes[index % Self.dashes.count] }
  var stroke: String { Self.greys[index % Self.greys.count] }
  var fill: String { Self.fills[index % Self.fills.count] }

  /// The attributes of a curve in this marking.
  var curve: [(String, String)] {
    var attributes = [("fill", "none"), ("stroke", stroke), ("stroke-width", "1.5")]
    if !dash.isEmpty { attributes.append(("stroke-dasharray", dash)) }
    return attributes
  }

  /// The attributes of many small points in this marking.
  var speck: [(String, String)] {
    [
      ("fill", "none"), ("stroke", stroke), ("stroke-linecap", "round"),
      ("stroke-width", index.isMultiple(of: 2) ? "2.2" : "0.8"),
    ]
  }

  /// Path text for small points: round in every other layer, crosses in the rest.
  ///
  /// Places are rounded to a tenth of a pixel, and drawn once: a picture of thousands of points stays small.
  func specks(_ places: [(x: Double, y: Double)]) -> String {
    var drawn: Set<String> = []
    let shape = index.isMultiple(of: 2) ? "h0" : "m-1.4 -1.4l2.8 2.8m0 -2.8l-2.8 2.8"
    return places.compactMap { place in
      let spot = [place.x, place.y].map { NumberText.fixed($0, decimals: 1, trimmed: true) }
        .joined(separator: " ")
      return drawn.insert(spot).inserted ? "M\(spot)\(shape)" : nil
    }.joined()
  }

  /// Draws this layer's marker around (`x`, `y`).
  func draw(in document: inout SVGDocument, x: Double, y: Double, radius: Double = 3) {
    let style = [("fill", "white"), ("stroke", stroke)]
    func path(_ points: [(Double, Double)], closed: Bool) {
      let text = points.enumerated().map { entry in
        let place = (x + entry.element.0 * radius, y + entry.element.1 * radius)
        let verb = entry.offset == 0 || (!closed && entry.offset == 2) ? "M" : "L"
        return verb + NumberText.coordinate(place.0) + " " + NumberText.coordinate(place.1)
      }
      document.element("path", [("d", text.joined(separator: " ") + (closed ? " Z" : ""))] + style)
    }
    switch Marker.allCases[(index + index / Self.dashes.count) % Marker.allCases.count] {
    case .circle:
      document.element(
        "circle",
        [
          ("cx", NumberText.coordinate(x)), ("cy", NumberText.coordinate(y)),
          ("r", NumberText.coordinate(radius)),
        ]
          + style)
    case .square: path([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)], closed: true)
    case .triangle: path([(0, -1.1), (1, 0.8), (-1, 0.8)], closed: true)
    case .cross: path([(-1, -1), (1, 1), (-1, 1), (1, -1)], closed: false)
    case .diamond: path([(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)], closed: true)
    case .plus: path([(-1.2, 0), (1.2, 0), (0, -1.2), (0, 1.2)], closed: false)
    }
  }
}
