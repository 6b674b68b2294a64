/// Why a command line was refused.

/// A refusal that names the place: the kernel prints the sentence, the word, and what is allowed.
public struct CommandLineError: Error, BitwiseCopyable, Hashable, Sendable {
  /// What is wrong.
  public let reason: Reason
  /// The option concerned, if its name was understood.
  public let option: KernelOption?
  /// Where the offending word, name or value starts in the command line, in bytes from 0.
  public let start: Int
  /// One past its last byte.
  public let end: Int

  init(_ reason: Reason, _ place: Range<Int>, option: KernelOption? = nil) {
    self.reason = reason
    self.option = option
    start = place.lowerBound
    end = place.upperBound
  }

  /// What can be wrong with a command line.
  public enum Reason: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
    /// The name before `=` is of no option.
    case unknownOption
    /// A word has no `=`, or nothing behind it.
    case missingValue
    /// The value is not among the allowed ones.
    case badValue
    /// A quotation mark is never closed.
    case unclosedQuote
    /// Something follows a closing quotation mark without a space, or a quotation mark stands inside a word.
    case misplacedQuote
    /// A byte that is neither printable ASCII nor part of UTF-8 beyond it.
    case controlCharacter

    /// The reason as a sentence without a full stop; the kernel prints the word and its position after it.
    public var sentence: StaticString {
      switch self {
      case .unknownOption: "unknown option"
      case .missingValue: "an option without a value"
      case .badValue: "a value that the option does not allow"
      case .unclosedQuote: "a quotation mark that is never closed"
      case .misplacedQuote: "a quotation mark inside a word"
      case .controlCharacter: "a control character"
      }
    }
  }
}
