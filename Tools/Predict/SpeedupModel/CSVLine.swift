/// Fields of a line of comma-separated values, as RFC 4180 has them; a field does not go on in the next line.
public enum CSVLine {
  /// A field as it is written: in quotes if it holds a comma, a quote or the end of a line, which becomes a space.
  public static func field(_ text: String) -> String {
    let line = String(text.map { $0.isNewline ? " " : $0 })
    guard line.contains(where: { $0 == "," || $0 == "\"" }) else { return line }
    return "\"" + line.replacing("\"", with: "\"\"") + "\""
  }

  /// The fields of `line` with the column, from 1, at which each begins; `nil` if a quote is not closed.
  static func fields(_ line: String) -> [(text: String, column: Int)]? {
    var fields: [(text: String, column: Int)] = [("", 1)]
    var isQuoted = false
    var column = 0
    var characters = line[...]
    while let character = characters.popFirst() {
      column += character.utf8.count
      switch character {
      case "\"" where isQuoted && characters.first == "\"":
        characters.removeFirst()
        column += 1
        fields[fields.count - 1].text.append("\"")
      case "\"" where isQuoted: isQuoted = false
      case "\"" where fields[fields.count - 1].text.isEmpty: isQuoted = true
      case "," where !isQuoted: fields.append(("", column + 1))
      case " " where !isQuoted && fields[fields.count - 1].text.isEmpty: fields[fields.count - 1].column += 1
      default: fields[fields.count - 1].text.append(character)
      }
    }
    return isQuoted ? nil : fields
  }
}
