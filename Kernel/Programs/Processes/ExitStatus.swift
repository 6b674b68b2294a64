/// What a parent is told of a child.

/// How a process ended, or what else its parent is told, in the form of `wait4`.
public struct ExitStatus: BitwiseCopyable, Hashable, Sendable {
  /// The number that a program sees.
  public let rawValue: Int32

  /// Makes a status of its number.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The program ended by itself.
  public static func exited(_ code: Int32) -> Self { Self(rawValue: (code & 0xFF) << 8) }
  /// A signal ended it.
  public static func killed(by signal: Int32) -> Self { Self(rawValue: signal & 0x7F) }
  /// A signal stopped it.
  public static func stopped(by signal: Int32) -> Self { Self(rawValue: signal << 8 | 0x7F) }
  /// It goes on after a stop.
  public static var continued: Self { Self(rawValue: 0xFFFF) }

  /// The number that it ended itself with, or `nil` if a signal ended it.
  public var code: Int32? { rawValue & 0x7F == 0 ? rawValue >> 8 & 0xFF : nil }
  /// The signal that ended it, or `nil`.
  public var signal: Int32? {
    let low = rawValue & 0x7F
    return low != 0 && low != 0x7F ? low : nil
  }

  /// The same in the form of a signal to the parent, and of `waitid`: CLD_EXITED, CLD_KILLED, CLD_STOPPED or
  /// CLD_CONTINUED, and with it the program's number or the signal's.
  public var childReport: (code: Int32, value: Int32) {
    if self == .continued { return (6, 18) }
    if rawValue & 0xFF == 0x7F { return (5, rawValue >> 8 & 0xFF) }
    if let signal { return (2, signal) }
    return (1, code ?? 0)
  }
}
