import HostSupport
import TOMLKit

/// The keys of a table of a description while they are read, each once, with the place of every mistake.
package struct DescriptionKeys {
  package let table: TOMLTable
  package let locator: TOMLLocator
  package let file: String
  // What stands before a key in the locator's paths: empty, or `node.0.`.
  private let prefix: String
  private var known: [String] = []

  package init(table: TOMLTable, locator: TOMLLocator, file: String, prefix: String = "") {
    self.table = table
    self.locator = locator
    self.file = file
    self.prefix = prefix
  }

  /// `file:line:column` of a key's value, of the table itself for the empty key, or the file's name.
  package func place(_ key: String = "") -> String {
    let path = key.isEmpty ? String(prefix.dropLast()) : prefix + key
    return locator.places[path].map { "\(file):\($0.value.line):\($0.value.column)" } ?? file
  }

  /// The error of a value that is not allowed.
  package func wrong(_ key: String, found: String, allowed: String) -> ToolError {
    ToolError("\(place(key)): `\(key)`: found \(found); allowed: \(allowed)")
  }

  private func value(_ key: String, is type: TOMLType, allowed: String) throws -> (any TOMLValueConvertible)?
  {
    guard let value = table[key] else { return nil }
    guard value.type == type else {
      throw wrong(key, found: "a \(value.type.description) \(value.debugDescription)", allowed: allowed)
    }
    return value
  }

  /// A string, or `nil` if the key is not there.
  package mutating func string(_ key: String) throws -> String? {
    known.append(key)
    return try value(key, is: .string, allowed: "a string")?.string
  }

  /// A number, or `nil` if the key is not there.
  package mutating func integer(_ key: String, in range: ClosedRange<Int>, unit: String) throws -> Int? {
    known.append(key)
    let allowed = "a whole number from \(range.lowerBound) to \(range.upperBound)\(unit)"
    guard let number = try value(key, is: .int, allowed: allowed)?.int else { return nil }
    guard range.contains(number) else { throw wrong(key, found: "\(number)", allowed: allowed) }
    return number
  }

  /// One of the cases, or `nil` if the key is not there.
  package mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ type: Choice.Type
  ) throws -> Choice? where Choice.RawValue == String {
    known.append(key)
    let allowed = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    guard let text = try value(key, is: .string, allowed: allowed)?.string else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw wrong(key, found: "\"\(text)\"", allowed: allowed)
    }
    return choice
  }

  /// A table, or `nil` if the key is not there.
  package mutating func table(_ key: String) throws -> DescriptionKeys? {
    known.append(key)
    guard let inner = try value(key, is: .table, allowed: "a table")?.table else { return nil }
    return DescriptionKeys(table: inner, locator: locator, file: file, prefix: "\(prefix)\(key).")
  }

  /// The tables of an array `[[key]]`, in order.
  package mutating func tables(_ key: String) throws -> [DescriptionKeys] {
    known.append(key)
    guard let array = try value(key, is: .array, allowed: "tables, each `[[\(key)]]`")?.array else {
      return []
    }
    return try array.enumerated().map { index, element in
      guard let inner = element.table else {
        throw wrong(key, found: "an element that is no table", allowed: "tables, each `[[\(key)]]`")
      }
      return DescriptionKeys(
        table: inner, locator: locator, file: file, prefix: "\(prefix)\(key).\(index).")
    }
  }

  /// Refuses the first key that nobody has read.
  package func refuseOthers() throws {
    // In the text's order, so that the first mistake of a reader comes first.
    let unknown = table.keys.filter { !known.contains($0) }.sorted {
      (locator.places[prefix + $0]?.key.line ?? .max, $0) < (
        locator.places[prefix + $1]?.key.line ?? .max, $1
      )
    }
    guard let key = unknown.first else { return }
    let place = locator.places[prefix + key]?.key
    let start = place.map { "\(file):\($0.line):\($0.column)" } ?? file
    throw ToolError(
      "\(start): found the unknown key `\(key)`; allowed: \(known.sorted().joined(separator: ", "))")
  }
}
