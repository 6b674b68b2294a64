/// How important a line of the log is.
public enum LogLevel: UInt8, BitwiseCopyable, Comparable, Sendable, CaseIterable {
  /// Something is lost or does not work.
  case error
  /// Something is not as it should be, and the kernel goes on.
  case warning
  /// A step of start-up or of a life cycle.
  case info
  /// Details for whoever works on the kernel.
  case debug

  /// The level's name, as on the command line (`log=debug`) and in the log.
  public var name: StaticString {
    switch self {
    case .error: "error"
    case .warning: "warning"
    case .info: "info"
    case .debug: "debug"
    }
  }

  /// Whether `lhs` is more important than `rhs`.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
