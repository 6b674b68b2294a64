/// A line of text in a fixed buffer: what the kernel has instead of `String`.
///
/// A `Text` is written as a string literal with interpolations, so that messages read as sentences, yet nothing
/// is allocated and no Unicode tables are linked in. What does not fit is cut, and the cut is visible: the last
/// byte becomes `>`.

import Base

/// Up to 240 bytes of text.
public struct Text: ExpressibleByStringInterpolation, BitwiseCopyable, Sendable {
  /// The most bytes that fit.
  public static var capacity: Int { 240 }

  @usableFromInline var bytes: InlineArray<240, UInt8> = .init(repeating: 0)

  /// The number of bytes written.
  public private(set) var count = 0

  /// Whether something was cut off at the end.
  public private(set) var isTruncated = false

  /// Makes an empty text.
  public init() {}

  /// Makes a text of a literal.
  public init(stringLiteral value: StaticString) { append(value) }

  /// Makes a text of a literal with interpolations.
  public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.text }

  /// The byte at `index`, which must be less than `count`.
  public subscript(index: Int) -> UInt8 {
    precondition(index < count, "a text was read past its end")
    return bytes[index]
  }

  /// Appends one byte.
  @export(interface)
  public mutating func append(byte: UInt8) {
    guard count < Self.capacity else {
      bytes[Self.capacity - 1] = UInt8(ascii: ">")
      isTruncated = true
      return
    }
    bytes[count] = byte
    count += 1
  }

  /// Appends a literal.
  @export(interface)
  public mutating func append(_ literal: StaticString) {
    for index in 0..<literal.utf8CodeUnitCount {
      // SAFETY: the index is below the literal's own count, and a literal lives as long as the program.
      append(byte: unsafe literal.utf8Start[index])
    }
  }

  /// Appends another text.
  @export(interface)
  public mutating func append(contentsOf other: Text) {
    for index in 0..<other.count { append(byte: other.bytes[index]) }
  }

  /// Appends bytes that come from outside, with what is not printable ASCII shown as `?`.
  @export(interface)
  public mutating func append(printable span: Span<UInt8>) {
    for index in span.indices { append(printable: span[index]) }
  }

  /// Appends one byte that comes from outside, shown as `?` unless it is printable ASCII.
  @export(interface)
  public mutating func append(printable byte: UInt8) {
    append(byte: byte >= 0x20 && byte < 0x7F ? byte : UInt8(ascii: "?"))
  }

  /// Appends a number in decimal, right-aligned in at least `width` columns with `padding` before it.
  @export(interface)
  public mutating func append(decimal value: UInt64, width: Int = 0, padding: UInt8 = UInt8(ascii: " ")) {
    var digits: InlineArray<20, UInt8> = .init(repeating: 0)
    var digitCount = 0
    var rest = value
    repeat {
      let (quotient, remainder) = Self.dividedByTen(rest)
      digits[digitCount] = UInt8(ascii: "0") + remainder
      digitCount += 1
      rest = quotient
    } while rest != 0
    if width > digitCount { for _ in digitCount..<width { append(byte: padding) } }
    while digitCount > 0 {
      digitCount -= 1
      append(byte: digits[digitCount])
    }
  }

  /// Appends a number in hexadecimal without a prefix, with zeros up to `width` digits.
  @export(interface)
  public mutating func append(hexadecimal value: UInt64, width: Int = 1) {
    var digit = 15
    while digit >= width, value >> UInt64(4 * digit) == 0 { digit -= 1 }
    while digit >= 0 {
      let nibble = UInt8(truncatingIfNeeded: value >> UInt64(4 * digit)) & 0xF
      append(byte: nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
      digit -= 1
    }
  }

  /// Fills up with blanks to `column` bytes.
  @export(interface)
  public mutating func pad(to column: Int) {
    while count < column, count < Self.capacity { append(byte: UInt8(ascii: " ")) }
  }

  /// Divides by ten in 32-bit steps, because a 64-bit division is a call into a loop on i686.
  private static func dividedByTen(_ value: UInt64) -> (quotient: UInt64, remainder: UInt8) {
    guard value > UInt64(UInt32.max) else {
      let small = UInt32(truncatingIfNeeded: value)
      return (UInt64(small / 10), UInt8(truncatingIfNeeded: small % 10))
    }
    return (value / 10, UInt8(truncatingIfNeeded: value % 10))
  }
}

extension Text {
  /// What the compiler builds a `Text` with; see `ExpressibleByStringInterpolation`.
  public struct StringInterpolation: StringInterpolationProtocol {
    /// What has been written so far.
    public var text = Text()

    /// Starts an empty text.
    public init(literalCapacity: Int, interpolationCount: Int) {}

    /// Appends a part of the literal.
    @export(interface)
    public mutating func appendLiteral(_ literal: StaticString) { text.append(literal) }

    /// Appends a constant word, such as a name.
    @export(interface)
    public mutating func appendInterpolation(_ literal: StaticString) { text.append(literal) }

    /// Appends another text.
    @export(interface)
    public mutating func appendInterpolation(_ other: Text) { text.append(contentsOf: other) }

    /// Appends a number in decimal.
    public mutating func appendInterpolation<Number: BinaryInteger & FixedWidthInteger>(
      _ number: Number, width: Int = 0
    ) {
      if Number.isSigned, number < 0 { text.append(byte: UInt8(ascii: "-")) }
      text.append(decimal: UInt64(truncatingIfNeeded: number.magnitude), width: width)
    }

    /// Appends a number in hexadecimal after `0x`, with zeros up to `width` digits.
    public mutating func appendInterpolation<Number: FixedWidthInteger & UnsignedInteger>(
      hexadecimal number: Number, width: Int = 1
    ) {
      text.append("0x")
      text.append(hexadecimal: UInt64(truncatingIfNeeded: number), width: width)
    }

    /// Appends a physical address.
    @export(interface)
    public mutating func appendInterpolation(_ address: PhysicalAddress) {
      appendInterpolation(hexadecimal: address.rawValue, width: 8)
    }

    /// Appends a virtual address with all its digits.
    @export(interface)
    public mutating func appendInterpolation(_ address: VirtualAddress) {
      appendInterpolation(hexadecimal: address.rawValue, width: UInt.bitWidth / 4)
    }

    /// Appends a number of bytes in the largest binary unit that leaves no fraction.
    @export(interface)
    public mutating func appendInterpolation(bytes count: UInt64) {
      var rest = count
      var unit = 0
      while rest != 0, rest & 1023 == 0, unit < 3 {
        rest >>= 10
        unit += 1
      }
      appendInterpolation(rest)
      switch unit {
      case 0: text.append(" bytes")
      case 1: text.append(" KiB")
      case 2: text.append(" MiB")
      default: text.append(" GiB")
      }
    }
  }
}
