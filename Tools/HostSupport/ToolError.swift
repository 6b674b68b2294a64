/// How a host tool refuses: what went wrong, where, and what to try.

/// A failure of a host tool, told in words that a user can act on.
public struct ToolError: Error, CustomStringConvertible, Sendable {
  /// What went wrong, one sentence that names the path or the command.
  public var message: String
  /// What to try, or `nil` when there is nothing better than the message.
  public var advice: String?
  /// The status with which the tool ends.
  public var exitStatus: Int32

  /// Makes an error of a sentence and, where there is one, a piece of advice.
  public init(_ message: String, advice: String? = nil, exitStatus: Int32 = 1) {
    self.message = message
    self.advice = advice
    self.exitStatus = exitStatus
  }

  /// The message, and the advice on a line of its own.
  public var description: String {
    guard let advice else { return message }
    return "\(message)\n  try: \(advice)"
  }
}
