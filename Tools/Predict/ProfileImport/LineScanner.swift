import SpeedupModel

/// Walks over one line byte by byte.
///
/// Copies nothing until a name is needed.
///
/// Numbers are read here, not by the C library: its answer depends on the locale, and a tracer's does not.
struct LineScanner {
  let line: UnsafeRawBufferPointer
  var index = 0

  init(_ line: UnsafeRawBufferPointer) { self.line = line }

  var isAtEnd: Bool { index >= line.count }

  /// The byte here, or 0 at the end.
  var byte: UInt8 { index < line.count ? line[index] : 0 }

  mutating func skipSpaces() {
    while index < line.count, line[index] == 32 || line[index] == 9 { index += 1 }
  }

  /// Steps over `text` if it stands here.
  mutating func take(_ text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard index + length <= line.count else { return false }
    for offset in 0..<length where line[index + offset] != text.utf8Start[offset] { return false }
    index += length
    return true
  }

  /// Whether exactly `text` stands at `range`.
  func holds(_ text: StaticString, at range: Range<Int>) -> Bool {
    var scanner = self
    scanner.index = range.lowerBound
    return scanner.take(text) && scanner.index == range.upperBound
  }

  /// The letters, digits and underscores from here on.
  mutating func takeName() -> Range<Int> {
    let start = index
    while index < line.count {
      let byte = line[index]
      let isLetter = byte | 0x20 >= 97 && byte | 0x20 <= 122
      guard isLetter || (byte >= 48 && byte <= 57) || byte == 95 else { break }
      index += 1
    }
    return start..<index
  }

  /// A whole number of up to 18 digits, or `nil` without a digit or with too many.
  mutating func takeInteger() -> Int? {
    let start = index
    var value = 0
    while index < line.count, line[index] >= 48, line[index] <= 57 {
      guard index - start < 18 else { return nil }
      value = value * 10 + Int(line[index] - 48)
      index += 1
    }
    return index > start ? value : nil
  }

  /// A decimal number such as `12.000034`, not negative, or `nil`.
  ///
  /// A comma is no point.
  mutating func takeDecimal() -> Double? {
    guard let whole = takeInteger() else { return nil }
    guard byte == 46 else { return Double(whole) }
    index += 1
    let start = index
    guard let fraction = takeInteger() else { return nil }
    var scale = 1.0
    for _ in start..<index { scale *= 10 }
    return Double(whole) + Double(fraction) / scale
  }

  /// The bytes of a range as text.
  func text(_ range: Range<Int>) -> String {
    String(decoding: UnsafeRawBufferPointer(rebasing: line[range]), as: UTF8.self)
  }

  /// The word from here to the next space, quoted for a message.
  var wordHere: String {
    var stop = index
    while stop < line.count, line[stop] != 32, line[stop] != 9 { stop += 1 }
    return stop == index ? "the end of the line" : InputError.quoted(text(index..<stop))
  }
}
