/// Splits a command line into words without copying it.
///
/// Words are separated by spaces or tabs. A value with spaces is quoted either behind the `=`
/// (`program="/bin/a b"`) or as a whole word (`"program=/bin/a b"`), which is how GRUB writes the former. There
/// are no escapes: a backslash is a byte like others.

/// One word: where it stands, and where its name and its value do.
struct CommandLineWord {
  /// The whole word, without quotation marks around it.
  var whole: Range<Int>
  /// Where the first `=` stands, or `nil` if there is none.
  var equals: Int?
  /// What is behind the `=`, without quotation marks; empty if there is no `=`.
  var value: Range<Int>
}

/// A position in a command line from which the next word is read.
struct CommandLineWords {
  var position = 0

  private static var quote: UInt8 { 0x22 }

  /// The next word, or `nil` at the end.
  mutating func next(_ bytes: Span<UInt8>) throws(CommandLineError) -> CommandLineWord? {
    while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    guard position < bytes.count else { return nil }
    let start = position
    if bytes[position] == Self.quote {
      let inside = try quoted(bytes)
      let equals = Self.firstEquals(inside, bytes)
      return CommandLineWord(
        whole: inside, equals: equals, value: (equals.map { $0 + 1 } ?? inside.upperBound)..<inside.upperBound
      )
    }
    var equals: Int?
    while position < bytes.count, !Self.isSpace(bytes[position]) {
      let byte = bytes[position]
      guard byte > 0x20, byte != 0x7F else { throw .init(.controlCharacter, position..<position + 1) }
      if byte == Self.quote {
        guard let equals, equals + 1 == position else {
          throw .init(.misplacedQuote, position..<position + 1)
        }
        let value = try quoted(bytes)
        return CommandLineWord(whole: start..<position, equals: equals, value: value)
      }
      if byte == 0x3D, equals == nil { equals = position }
      position += 1
    }
    return CommandLineWord(
      whole: start..<position, equals: equals, value: (equals.map { $0 + 1 } ?? position)..<position)
  }

  /// Reads from a quotation mark past the closing one and answers what is between them.
  private mutating func quoted(_ bytes: Span<UInt8>) throws(CommandLineError) -> Range<Int> {
    let opening = position
    position += 1
    while position < bytes.count, bytes[position] != Self.quote {
      let byte = bytes[position]
      guard byte >= 0x20, byte != 0x7F else { throw .init(.controlCharacter, position..<position + 1) }
      position += 1
    }
    guard position < bytes.count else { throw .init(.unclosedQuote, opening..<opening + 1) }
    let inside = opening + 1..<position
    position += 1
    guard position == bytes.count || Self.isSpace(bytes[position]) else {
      throw .init(.misplacedQuote, position..<position + 1)
    }
    return inside
  }

  private static func firstEquals(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Int? {
    for index in range where bytes[index] == 0x3D { return index }
    return nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
