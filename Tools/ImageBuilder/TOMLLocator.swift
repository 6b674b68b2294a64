/// Finds where the keys of a TOML text stand.
///
/// TOMLKit tells the place of a syntax error but not of a value, and a wrong value deserves a place too. The text has
/// been parsed without error before it comes here, so this looks only for what can stand between keys: comments,
/// strings of four kinds, tables in brackets, and nested arrays and inline tables.
package struct TOMLLocator {
  /// A place as editors count it, from 1.
  package struct Position: Hashable, Sendable {
    /// The line.
    package var line: Int
    /// The column, in characters.
    package var column: Int
  }

  /// Where the key and its value start.
  package struct Places: Hashable, Sendable {
    /// The key's first character.
    package var key: Position
    /// The value's first character.
    package var value: Position
  }

  /// The places by dotted path: `memory`, or `ramdisk.folder` for a key in a table, or `node.0.memory` for a key in the
  /// first table of an array of tables.
  package private(set) var places: [String: Places] = [:]

  private let characters: [Character]
  private var index = 0
  private var position = Position(line: 1, column: 1)

  package init(_ text: String) {
    characters = Array(text)
    var table = ""
    while skipBlank() {
      if current == "[" {
        let start = position
        var brackets = 0
        while current == "[" {
          step()
          brackets += 1
        }
        table = resolve(keyPath(), isArray: brackets == 2)
        places[table] = Places(key: start, value: start)
        while let character = current, !character.isNewline { step(); _ = character }
      } else {
        let start = position
        let key = keyPath()
        guard current == "=" else { return }
        step()
        skipSpaces()
        places[table.isEmpty ? key : "\(table).\(key)"] = Places(key: start, value: position)
        skipValue()
      }
    }
  }

  // How many tables each array has so far.
  private var counts: [String: Int] = [:]

  /// The path of a table with the number of each array's table in it; a table of an array counts as one more.
  private mutating func resolve(_ path: String, isArray: Bool) -> String {
    var resolved = ""
    let parts = path.split(separator: ".")
    for (index, part) in parts.enumerated() {
      resolved += resolved.isEmpty ? String(part) : ".\(part)"
      let isLast = index == parts.count - 1
      if isLast, isArray { counts[resolved, default: 0] += 1 }
      if let count = counts[resolved] { resolved += ".\(count - 1)" }
    }
    return resolved
  }

  private var current: Character? { index < characters.count ? characters[index] : nil }

  private mutating func step() {
    guard let character = current else { return }
    index += 1
    if character.isNewline {
      position = Position(line: position.line + 1, column: 1)
    } else {
      position.column += 1
    }
  }

  private mutating func skipSpaces() {
    while current == " " || current == "\t" { step() }
  }

  /// Skips blanks, line ends and comments; returns whether anything is left.
  private mutating func skipBlank() -> Bool {
    while let character = current {
      if character == "#" {
        while let inside = current, !inside.isNewline { step(); _ = inside }
      } else if character.isWhitespace {
        step()
      } else {
        return true
      }
    }
    return false
  }

  /// Reads a key, dotted or quoted, and the blanks behind it.
  private mutating func keyPath() -> String {
    var path = ""
    while let character = current, character != "=", character != "]", !character.isNewline {
      if character == "\"" || character == "'" {
        step()
        while let inside = current, inside != character { path.append(inside); step() }
      } else if character != " ", character != "\t" {
        path.append(character)
      }
      step()
    }
    return path
  }

  private mutating func skipString() {
    guard let quote = current else { return }
    let isLong =
      index + 2 < characters.count && characters[index + 1] == quote && characters[index + 2] == quote
    for _ in 0..<(isLong ? 3 : 1) { step() }
    while let character = current {
      if character == "\\", quote == "\"" {
        step()
        step()
      } else if character == quote {
        if !isLong { return step() }
        var run = 0
        while current == quote { step(); run += 1 }
        if run >= 3 { return }
      } else {
        step()
      }
    }
  }

  private mutating func skipValue() {
    var depth = 0
    while let character = current {
      switch character {
      case "\"", "'": skipString()
      case "[", "{":
        depth += 1
        step()
      case "]", "}":
        depth -= 1
        step()
      case "#": while let inside = current, !inside.isNewline { step(); _ = inside }
      default:
        if character.isNewline && depth == 0 { return }
        step()
      }
    }
  }
}
