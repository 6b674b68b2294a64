// JSON with positions.
//
// Foundation's decoder says which key failed but not on which line. People edit profiles by hand and other
// programs write them, so every complaint names line and column; that is worth these lines.

/// A JSON value and where it began.
public struct JSONNode: Sendable {
  /// What the value is.
  public indirect enum Value: Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A finite number.
    case number(Double)
    /// Text, unescaped.
    case string(String)
    /// Values in order.
    case array([JSONNode])
    /// Members in order; a name occurs once.
    case object([(name: String, node: JSONNode)])
  }

  /// The value.
  public var value: Value
  /// Counted from 1.
  public var line: Int
  /// Counted from 1 in bytes.
  public var column: Int
}

/// Reads one JSON text (RFC 8259).
///
/// Refuses duplicate members, numbers that are not finite, and deep nesting.
struct JSONReader {
  private let bytes: [UInt8]
  private let place: String
  private var index = 0
  private var line = 1
  private var lineStart = 0
  /// Deep enough for any profile; bounds the recursion for hostile input.
  private static let deepest = 64

  init(_ bytes: [UInt8], place: String) {
    self.bytes = bytes
    self.place = place
  }

  /// The value of the whole text.
  mutating func read() throws(InputError) -> JSONNode {
    // A byte order mark, as some editors leave it.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    let node = try value(depth: 0)
    skipSpace()
    if index < bytes.count { throw failure("more after the end of the value", allowed: "one JSON value") }
    return node
  }

  private func failure(_ found: String, allowed: String) -> InputError {
    InputError(place, line: line, column: index - lineStart + 1, found: found, allowed: allowed)
  }

  private var here: String {
    guard index < bytes.count else { return "the end of the file" }
    let end = bytes[index...].prefix(20).firstIndex { $0 == 10 || $0 == 13 } ?? min(index + 20, bytes.count)
    return InputError.quoted(String(decoding: bytes[index..<max(end, index + 1)], as: UTF8.self))
  }

  private mutating func skipSpace() {
    while index < bytes.count, [32, 9, 10, 13].contains(bytes[index]) {
      if bytes[index] == 10 {
        line += 1
        lineStart = index + 1
      }
      index += 1
    }
  }

  private mutating func take(_ byte: Character, allowed: String) throws(InputError) {
    skipSpace()
    guard index < bytes.count, bytes[index] == byte.asciiValue else { throw failure(here, allowed: allowed) }
    index += 1
  }

  private func peek(_ byte: Character) -> Bool { index < bytes.count && bytes[index] == byte.asciiValue }

  private mutating func value(depth: Int) throws(InputError) -> JSONNode {
    skipSpace()
    guard depth < Self.deepest else { throw failure("nesting", allowed: "at most \(Self.deepest) levels") }
    let (startLine, startColumn) = (line, index - lineStart + 1)
    func node(_ value: JSONNode.Value) -> JSONNode {
      JSONNode(value: value, line: startLine, column: startColumn)
    }
    guard index < bytes.count else { throw failure("the end of the file", allowed: "a JSON value") }
    switch bytes[index] {
    case UInt8(ascii: "{"): return node(.object(try members(depth: depth)))
    case UInt8(ascii: "["): return node(.array(try elements(depth: depth)))
    case UInt8(ascii: "\""): return node(.string(try string()))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return node(.number(try number()))
    default:
      for (word, value) in [("true", JSONNode.Value.bool(true)), ("false", .bool(false)), ("null", .null)]
      where bytes[index...].starts(with: word.utf8) {
        index += word.utf8.count
        return node(value)
      }
      throw failure(here, allowed: "a JSON value")
    }
  }

  private mutating func members(depth: Int) throws(InputError) -> [(name: String, node: JSONNode)] {
    index += 1
    var result: [(name: String, node: JSONNode)] = []
    var names: Set<String> = []
    skipSpace()
    if peek("}") {
      index += 1
      return result
    }
    while true {
      skipSpace()
      guard peek("\"") else { throw failure(here, allowed: "a member name in quotes") }
      let start = index
      let name = try string()
      if !names.insert(name).inserted {
        index = start
        throw failure("a second \(InputError.quoted(name))", allowed: "each member once")
      }
      try take(":", allowed: "':' after a member name")
      result.append((name, try value(depth: depth + 1)))
      skipSpace()
      if peek(",") {
        index += 1
        continue
      }
      try take("}", allowed: "',' or '}'")
      return result
    }
  }

  private mutating func elements(depth: Int) throws(InputError) -> [JSONNode] {
    index += 1
    var result: [JSONNode] = []
    skipSpace()
    if peek("]") {
      index += 1
      return result
    }
    while true {
      result.append(try value(depth: depth + 1))
      skipSpace()
      if peek(",") {
        index += 1
        continue
      }
      try take("]", allowed: "',' or ']'")
      return result
    }
  }

  private mutating func number() throws(InputError) -> Double {
    let start = index
    while index < bytes.count, "+-.eE0123456789".utf8.contains(bytes[index]) { index += 1 }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    let digits = text.drop { $0 == "-" }
    let leadingZero = digits.first == "0" && digits.dropFirst().first?.isNumber == true
    guard let value = Double(text), value.isFinite, !leadingZero, text.last?.isNumber == true else {
      index = start
      throw failure(InputError.quoted(text), allowed: "a finite JSON number such as 12, 0.5 or 1e-6")
    }
    return value
  }

  private mutating func string() throws(InputError) -> String {
    index += 1
    var text: [UInt8] = []
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else {
          throw failure("bytes that are not UTF-8", allowed: "UTF-8 text")
        }
        return result
      case UInt8(ascii: "\\"): text += Array(String(try escape()).utf8)
      case 0..<32:
        index -= 1
        throw failure("a control character in a string", allowed: "an escape such as \\n")
      default: text.append(byte)
      }
    }
    throw failure("the end of the file", allowed: "'\"' at the end of the string")
  }

  private mutating func escape() throws(InputError) -> Unicode.Scalar {
    guard index < bytes.count else { throw failure("the end of the file", allowed: "an escaped character") }
    let byte = bytes[index]
    index += 1
    let simple: [Character: Unicode.Scalar] = [
      "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
    ]
    if let scalar = simple[Character(Unicode.Scalar(byte))] { return scalar }
    guard byte == UInt8(ascii: "u") else {
      index -= 1
      throw failure(here, allowed: "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX")
    }
    let first = try fourDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // A character beyond the basic plane is written as two halves.
    if (0xD800..<0xDC00).contains(first), bytes[index...].starts(with: Array("\\u".utf8)) {
      index += 2
      let second = try fourDigits()
      if (0xDC00..<0xE000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
      {
        return scalar
      }
    }
    throw failure("half of a surrogate pair", allowed: "a Unicode character")
  }

  private mutating func fourDigits() throws(InputError) -> UInt32 {
    let text = String(decoding: bytes[index...].prefix(4), as: UTF8.self)
    guard text.utf8.count == 4, text.allSatisfy(\.isHexDigit), let value = UInt32(text, radix: 16) else {
      throw failure(here, allowed: "four hexadecimal digits")
    }
    index += 4
    return value
  }
}

extension JSONNode {
  /// Reads one JSON text; `place` names it in errors.
  public static func parse(_ bytes: [UInt8], place: String) throws(InputError) -> JSONNode {
    var reader = JSONReader(bytes, place: place)
    return try reader.read()
  }

  /// Text as a JSON string, quotes included.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
