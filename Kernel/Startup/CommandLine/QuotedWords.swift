/// Words of a text that spaces separate; quotation marks hold a word together.

/// Goes through the words of a text.
///
///     one 'two words' "" three     ──▶     one · two words · (an empty word) · three
///
/// A quotation mark counts only at a word's beginning; one that is not closed reaches to the end.
public struct QuotedWords: BitwiseCopyable, Sendable {
  private var position = 0

  /// Begins at the text's beginning.
  public init() {}

  /// Where the next word lies, without its quotation marks; `nil` behind the last.
  @export(interface)
  public mutating func next(in text: Span<UInt8>) -> Range<Int>? {
    while position < text.count, text[position] == 0x20 { position += 1 }
    guard position < text.count else { return nil }
    let mark = text[position]
    let isQuoted = mark == UInt8(ascii: "'") || mark == UInt8(ascii: "\"")
    let start = isQuoted ? position + 1 : position
    var end = start
    while end < text.count, text[end] != (isQuoted ? mark : 0x20) { end += 1 }
    position = isQuoted ? min(end + 1, text.count) : end
    return start..<end
  }
}
