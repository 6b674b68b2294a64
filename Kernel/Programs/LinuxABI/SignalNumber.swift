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
  public var mask: UInt64 {
    // A number is 1 to 64: nothing is shifted out.
    1 &<< UInt64(rawValue - 1)
  }

  /// Whether each one that is sent is kept: those from 32 on.
  @inline(__always)
  public var isQueued: Bool { rawValue >= 32 }

  /// SIGHUP.
  @inline(__always) public static var hangUp: Self { Self(1) }
  /// SIGINT.
  @inline(__always) public static var interrupt: Self { Self(2) }
  /// SIGQUIT.
  @inline(__always) public static var quit: Self { Self(3) }
  /// SIGILL.
  @inline(__always) public static var illegalInstruction: Self { Self(4) }
  /// SIGTRAP.
  @inline(__always) public static var trap: Self { Self(5) }
  /// SIGABRT.
  @inline(__always) public static var abort: Self { Self(6) }
  /// SIGBUS.
  @inline(__always) public static var busError: Self { Self(7) }
  /// SIGFPE.
  @inline(__always) public static var arithmetic: Self { Self(8) }
  /// SIGKILL.
  @inline(__always) public static var kill: Self { Self(9) }
  /// SIGUSR1.
  @inline(__always) public static var user1: Self { Self(10) }
  /// SIGSEGV.
  @inline(__always) public static var segmentation: Self { Self(11) }
  /// SIGUSR2.
  @inline(__always) public static var user2: Self { Self(12) }
  /// SIGPIPE.
  @inline(__always) public static var pipe: Self { Self(13) }
  /// SIGALRM.
  @inline(__always) public static var alarm: Self { Self(14) }
  /// SIGTERM.
  @inline(__always) public static var terminate: Self { Self(15) }
  /// SIGCHLD.
  @inline(__always) public static var child: Self { Self(17) }
  /// SIGCONT.
  @inline(__always) public static var goOn: Self { Self(18) }
  /// SIGSTOP.
  @inline(__always) public static var stop: Self { Self(19) }
  /// SIGTSTP.
  @inline(__always) public static var terminalStop: Self { Self(20) }
  /// SIGTTIN.
  @inline(__always) public static var terminalInput: Self { Self(21) }
  /// SIGTTOU.
  @inline(__always) public static var terminalOutput: Self { Self(22) }
  /// SIGURG.
  @inline(__always) public static var urgent: Self { Self(23) }
  /// SIGXCPU.
  @inline(__always) public static var processorLimit: Self { Self(24) }
  /// SIGXFSZ.
  @inline(__always) public static var fileSizeLimit: Self { Self(25) }
  /// SIGVTALRM.
  @inline(__always) public static var virtualAlarm: Self { Self(26) }
  /// SIGPROF.
  @inline(__always) public static var profile: Self { Self(27) }
  /// SIGWINCH.
  @inline(__always) public static var windowChanged: Self { Self(28) }
  /// SIGIO.
  @inline(__always) public static var inputOutput: Self { Self(29) }
  /// SIGPWR.
  @inline(__always) public static var power: Self { Self(30) }
  /// SIGSYS.
  @inline(__always) public static var badCall: Self { Self(31) }
}
