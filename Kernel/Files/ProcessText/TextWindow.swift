/// A window on a text that is written anew for each reader.
///
/// The whole text is written to it, and it keeps the bytes that the reader wants: no buffer for the whole is
/// needed, however long the text and however small the reader's buffer.

/// The bytes of a text from a position on, as many as fit.
struct TextWindow: ~Copyable, ~Escapable {
  private var buffer: MutableSpan<UInt8>
  private var skip: Int
  /// Bytes kept.
  private(set) var count = 0

  @_lifetime(copy buffer)
  init(_ buffer: consuming MutableSpan<UInt8>, from position: Int) {
    self.buffer = buffer
    skip = position
  }

  /// Whether nothing more would be kept.
  var isFull: Bool { count == buffer.count }

  mutating func append(_ byte: UInt8) {
    guard skip == 0 else {
      skip -= 1
      return
    }
    guard count < buffer.count else { return }
    buffer[count] = byte
    count += 1
  }

  mutating func append(_ literal: StaticString) {
    for index in 0..<literal.utf8CodeUnitCount {
      // SAFETY: the index is below the literal's own count.
      append(unsafe literal.utf8Start[index])
    }
  }

  mutating func append(_ value: UInt64, width: Int = 0, padding: UInt8 = 0x20) {
    var digits: InlineArray<20, UInt8> = .init(repeating: 0)
    var count = 0
    var rest = value
    repeat {
      digits[count] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      count += 1
    } while rest > 0
    if width > count { for _ in count..<width { append(padding) } }
    while count > 0 {
      count -= 1
      append(digits[count])
    }
  }

  mutating func append(_ value: UInt32) { append(UInt64(value)) }

  mutating func append(signed value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    append(value.magnitude)
  }

  mutating func append(hexadecimal value: UInt64, width: Int) {
    var digit = 15
    while digit >= width, value >> UInt64(4 * digit) == 0 { digit -= 1 }
    while digit >= 0 {
      let nibble = UInt8(truncatingIfNeeded: value >> UInt64(4 * digit)) & 0xF
      append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
      digit -= 1
    }
  }

  mutating func append(octal value: UInt16, width: Int) {
    for digit in (0..<width).reversed() { append(0x30 + UInt8(value >> UInt16(3 * digit) & 7)) }
  }

  /// Appends hundredths as `12.34`.
  mutating func append(hundredths value: UInt64) {
    append(value / 100)
    append(UInt8(ascii: "."))
    append(value % 100, width: 2, padding: 0x30)
  }

  /// Lets `copy` write the bytes of a text from a position on.
  mutating func append(copying copy: (_ position: Int, _ buffer: inout MutableSpan<UInt8>) -> Int) {
    var position = skip
    skip = 0
    while count < buffer.count {
      var rest = buffer._mutatingExtracting(count..<buffer.count)
      let step = copy(position, &rest)
      guard step > 0 else { return }
      count += step
      position += step
    }
  }
}
