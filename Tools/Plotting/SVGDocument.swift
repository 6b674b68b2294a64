/// Builds SVG text: elements, attributes, escaping.
///
/// Knows nothing about charts.
struct SVGDocument {
  private(set) var body = ""
  private var depth = 1

  /// An element without content.
  ///
  /// Numbers go through `NumberText.coordinate`, strings are escaped.
  mutating func element(_ name: String, _ attributes: [(String, String)]) {
    indent()
    body += "<\(name)\(Self.text(of: attributes))/>\n"
  }

  /// A line of text with its anchor at (`x`, `y`); `quarterTurn` writes upwards.
  mutating func text(
    _ content: String, x: Double, y: Double, size: Double = 11, anchor: String = "start", bold: Bool = false,
    quarterTurn: Bool = false
  ) {
    guard !content.isEmpty else { return }
    var attributes = [("x", NumberText.coordinate(x)), ("y", NumberText.coordinate(y))]
    attributes.append(("font-size", NumberText.coordinate(size)))
    if anchor != "start" { attributes.append(("text-anchor", anchor)) }
    if bold { attributes.append(("font-weight", "bold")) }
    if quarterTurn {
      attributes.append(("transform", "rotate(-90 \(NumberText.coordinate(x)) \(NumberText.coordinate(y)))"))
    }
    indent()
    body += "<text\(Self.text(of: attributes))>\(Self.escaped(content))</text>\n"
  }

  /// A heading in bold around `x`, smaller than `size` where it would be wider than `width` pixels.
  mutating func heading(_ content: String, x: Double, y: Double, size: Double, within width: Double) {
    // Two thirds of its size is a generous width for a bold letter.
    let fitting = width / (0.66 * Double(max(1, content.count)))
    text(content, x: x, y: y, size: min(size, max(6, fitting)), anchor: "middle", bold: true)
  }

  /// A straight line.
  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ extra: [(String, String)] = [])
  {
    element(
      "line",
      [
        ("x1", NumberText.coordinate(x1)), ("y1", NumberText.coordinate(y1)),
        ("x2", NumberText.coordinate(x2)),
        ("y2", NumberText.coordinate(y2)),
      ] + extra)
  }

  /// A rectangle.
  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ extra: [(String, String)]
  ) {
    element(
      "rect",
      [
        ("x", NumberText.coordinate(x)), ("y", NumberText.coordinate(y)),
        ("width", NumberText.coordinate(width)), ("height", NumberText.coordinate(height)),
      ] + extra)
  }

  /// Opens a group; `close()` ends it.
  mutating func open(_ name: String, _ attributes: [(String, String)] = []) {
    indent()
    body += "<\(name)\(Self.text(of: attributes))>\n"
    depth += 1
  }

  /// Ends the group opened last under `name`.
  mutating func close(_ name: String) {
    depth -= 1
    indent()
    body += "</\(name)>\n"
  }

  /// The whole file.
  func finished(width: Double, height: Double, title: String) -> String {
    let size = (NumberText.coordinate(width), NumberText.coordinate(height))
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" width="\(size.0)" height="\(size.1)" viewBox="0 0 \(size.0) \(size.1)" \
      font-family="Helvetica, Arial, sans-serif" fill="black">
        <title>\(Self.escaped(title))</title>
        <rect width="100%" height="100%" fill="white"/>

      """ + body + "</svg>\n"
  }

  /// `text` with what XML reserves replaced, and control characters, which XML forbids, as `?`.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "?"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private mutating func indent() { body += String(repeating: "  ", count: depth) }

  private static func text(of attributes: [(String, String)]) -> String {
    attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
  }
}
