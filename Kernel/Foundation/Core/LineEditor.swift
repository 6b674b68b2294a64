/// A line as it is typed at the kernel's console.

import Log

/// What a byte of input did to the line.
public enum LineEvent: Equatable, Sendable {
  /// The byte changed the line or was ignored.
  case editing
  /// The line is complete.
  case complete
  /// Input has ended: an end-of-transmission byte (Ctrl-D) on an empty line.
  case endOfInput
  /// The line was given up (Ctrl-C).
  case cancelled
}

/// A line editor for a terminal that shows what it is sent and nothing else.
public struct LineEditor: ~Copyable {
  /// The most bytes in a line; more are refused with a bell.
  public static var capacity: Int { 200 }

  private var bytes: InlineArray<200, UInt8> = .init(repeating: 0)
  private var count = 0

  /// Makes an empty line.
  public init() {}

  /// Takes one byte of input and shows its effect.
  public mutating func take<Output: ConsoleOutput & ~Copyable>(
    _ byte: UInt8, showing output: inout Output
  ) -> LineEvent {
    switch byte {
    case 0x04:
      return count == 0 ? .endOfInput : .editing
    case 0x03:
      output.write(UInt8(ascii: "^"))
      output.write(UInt8(ascii: "C"))
      output.write(UInt8(ascii: "\n"))
      return .cancelled
    case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
      output.write(UInt8(ascii: "\n"))
      return .complete
    case 0x08, 0x7F:
      guard count > 0 else { return .editing }
      count -= 1
      output.write(0x08)
      output.write(UInt8(ascii: " "))
      output.write(0x08)
    case 0x20..<0x7F:
      guard count < Self.capacity else {
        output.write(0x07)
        return .editing
      }
      bytes[count] = byte
      count += 1
      output.write(byte)
    default:
      break
    }
    return .editing
  }

  /// The bytes of the line so far.
  public var line: Span<UInt8> {
    @_lifetime(borrow self) get { bytes.span.extracting(0..<count) }
  }

  /// Empties the line.
  public mutating func clear() { count = 0 }
}
