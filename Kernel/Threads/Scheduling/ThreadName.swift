/// A thread's name in its record.

/// Up to 16 bytes of printable ASCII; the rest is zero.
public struct ThreadName: BitwiseCopyable, Sendable {
  /// The most bytes that fit.
  public static var capacity: Int { 16 }

  private var bytes: InlineArray<16, UInt8> = .init(repeating: 0)

  /// Makes an empty name.
  public init() {}

  /// Makes a name of a literal; what does not fit is cut.
  public init(_ literal: StaticString) {
    for index in 0..<min(literal.utf8CodeUnitCount, Self.capacity) {
      // SAFETY: the index is below the literal's own count, and a literal lives as long as the program.
      bytes[index] = unsafe literal.utf8Start[index]
    }
  }

  /// Makes a name of bytes that may come from outside; what is not printable ASCII becomes `?`.
  public init(printable text: Span<UInt8>) {
    for index in 0..<min(text.count, Self.capacity) {
      let byte = text[index]
      bytes[index] = byte >= 0x20 && byte < 0x7F ? byte : UInt8(ascii: "?")
    }
  }

  /// The number of bytes before the first zero.
  public var count: Int {
    var count = 0
    while count < Self.capacity, self[count] != 0 { count += 1 }
    return count
  }

  /// The byte at `index`, 0 to 15; zero after the name's end.
  public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < Self.capacity, "a thread's name was read past its end")
    return bytes[index]
  }
}
