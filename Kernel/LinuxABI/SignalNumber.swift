/// The signals of Linux on x86, 1 to 64.

/// A signal.
public struct SignalNumber: BitwiseCopyable, Hashable, Sendable {
  /// The number, 1 to 64.
  public let rawValue: UInt8

  /// Makes a signal of its number; `nil` unless it is 1 to 64.
  @inline(__always)
  public init?(rawValue: Int) {
    guard rawValue >= 1, rawValue <= 64 else { return nil }
    self.rawValue = UInt8(rawValue)
  }

  @inline(__always)
  private init(_ number: UInt8) { rawValue = number }

  /// The signal's bit in a `sigset_t`.
  @inline(__always)
  public var mask: UInt64 { 1 << UInt64(rawValue - 1) }

  /// SIGHUP.
  @inline(__always) public static var hangUp: Self { Self(1) }
  @inline(__always) public static var interrupt: Self { Self(2) }
  @inline(__always) public static var quit: Self { Self(3) }
  @inline(__always) public static var illegalInstruction: Self { Self(4) }
  @inline(__always) public static var trap: Self { Self(5) }
  @inline(__always) public static var abort: Self { Self(6) }
  @inline(__always) public static var busError: Self { Self(7) }
  @inline(__always) public static var arithmetic: Self { Self(8) }
  @inline(__always) public static var kill: Self { Self(9) }
  @inline(__always) public static var user1: Self { Self(10) }
  @inline(__always) public static var segmentation: Self { Self(11) }
  @inline(__always) public static var user2: Self { Self(12) }
  @inline(__always) public static var pipe: Self { Self(13) }
  @inline(__always) public static var alarm: Self { Self(14) }
  @inline(__always) public static var terminate: Self { Self(15) }
  @inline(__always) public static var child: Self { Self(17) }
  @inline(__always) public static var goOn: Self { Self(18) }
  @inline(__always) public static var stop: Self { Self(19) }
  @inline(__always) public static var terminalStop: Self { Self(20) }
  @inline(__always) public static var terminalInput: Self { Self(21) }
  @inline(__always) public static var terminalOutput: Self { Self(22) }
  @inline(__always) public static var urgent: Self { Self(23) }
  @inline(__always) public static var processorLimit: Self { Self(24) }
  @inline(__always) public static var fileSizeLimit: Self { Self(25) }
  @inline(__always) public static var virtualAlarm: Self { Self(26) }
  @inline(__always) public static var profile: Self { Self(27) }
  @inline(__always) public static var windowChanged: Self { Self(28) }
  @inline(__always) public static var inputOutput: Self { Self(29) }
  @inline(__always) public static var power: Self { Self(30) }
  @inline(__always) public static var badCall: Self { Self(31) }
}
