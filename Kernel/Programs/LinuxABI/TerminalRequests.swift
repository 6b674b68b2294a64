/// Requests and structures of terminals (asm-generic/ioctls.h and termbits.h), the same on i386 and x86_64.

/// Requests of `ioctl`.
public enum ControlRequest: UInt32, BitwiseCopyable, Sendable {
  /// TCGETS: a `termios` out.
  case getAttributes = 0x5401
  /// TCSETS, TCSETSW (after output), TCSETSF (after output, input forgotten): a `termios` in.
  case setAttributes = 0x5402
  case setAttributesWaiting = 0x5403
  case setAttributesFlushing = 0x5404
  /// TCSBRK: waits for output.
  case sendBreak = 0x5409
  /// TCXONC: stops or starts output.
  case flow = 0x540A
  /// TCFLSH: forgets input (0), output (1) or both (2).
  case flush = 0x540B
  /// TIOCSCTTY: makes it the controlling terminal.
  case setControlling = 0x540E
  /// TIOCGPGRP and TIOCSPGRP: the foreground process group, 4 bytes.
  case getForeground = 0x540F
  case setForeground = 0x5410
  /// TIOCOUTQ: bytes not yet shown, 4 bytes out.
  case outputCount = 0x5411
  /// TIOCGWINSZ and TIOCSWINSZ: a `winsize`, 8 bytes.
  case getWindowSize = 0x5413
  case setWindowSize = 0x5414
  /// FIONREAD: bytes that can be read, 4 bytes out.
  case readableCount = 0x541B
  /// FIONBIO: non-blocking or not, 4 bytes in.
  case setNonBlocking = 0x5421
  /// TIOCNOTTY: gives the controlling terminal up.
  case giveUpControlling = 0x5422
  /// TIOCGSID: the session, 4 bytes out.
  case getSession = 0x5429
  /// FIONCLEX and FIOCLEX.
  case keepOnExec = 0x5450
  case closeOnExec = 0x5451
}

/// The attributes of a terminal: the kernel's `struct termios`, 36 bytes.
public struct TerminalAttributes: BitwiseCopyable, Sendable {
  /// Bytes in a program's memory.
  public static var byteCount: Int { 36 }
  /// Control characters in the structure.
  public static var controlCount: Int { 19 }

  /// c_iflag.
  public var input: UInt32
  /// c_oflag.
  public var output: UInt32
  /// c_cflag.
  public var control: UInt32
  /// c_lflag.
  public var local: UInt32
  /// c_line.
  public var discipline: UInt8
  /// c_cc.
  public var characters: InlineArray<19, UInt8>

  /// What Linux gives a new terminal: a line at a time, with echo and signals, 38,400 baud.
  public init() {
    input = Self.crToNewline | Self.startStop
    output = Self.process | Self.newlineToCR
    control = 0o277  // B38400, CS8, CREAD
    local =
      Self.signals | Self.canonical | Self.echo | Self.echoErase | Self.echoKill | Self.echoControl
      | Self.echoKillErase | Self.extended
    discipline = 0
    characters = .init(repeating: 0)
    characters[Self.interrupt] = 3
    characters[Self.quit] = 28
    characters[Self.erase] = 127
    characters[Self.kill] = 21
    characters[Self.endOfFile] = 4
    characters[Self.minimum] = 1
    characters[Self.start] = 17
    characters[Self.stop] = 19
    characters[Self.suspend] = 26
    characters[Self.reprint] = 18
    characters[Self.discard] = 15
    characters[Self.wordErase] = 23
    characters[Self.literalNext] = 22
  }

  // MARK: - Places in `characters`

  /// VINTR.
  public static var interrupt: Int { 0 }
  /// VQUIT.
  public static var quit: Int { 1 }
  /// VERASE.
  public static var erase: Int { 2 }
  /// VKILL.
  public static var kill: Int { 3 }
  /// VEOF.
  public static var endOfFile: Int { 4 }
  /// VTIME.
  public static var time: Int { 5 }
  /// VMIN.
  public static var minimum: Int { 6 }
  /// VSTART.
  public static var start: Int { 8 }
  /// VSTOP.
  public static var stop: Int { 9 }
  /// VSUSP.
  public static var suspend: Int { 10 }
  /// VEOL.
  public static var endOfLine: Int { 11 }
  /// VREPRINT.
  public static var reprint: Int { 12 }
  /// VDISCARD.
  public static var discard: Int { 13 }
  /// VWERASE.
  public static var wordErase: Int { 14 }
  /// VLNEXT.
  public static var literalNext: Int { 15 }
  /// VEOL2.
  public static var endOfLine2: Int { 16 }

  // MARK: - Bits of `input`

  /// IGNCR.
  public static var ignoreCR: UInt32 { 0o200 }
  /// ICRNL.
  public static var crToNewline: UInt32 { 0o400 }
  /// INLCR.
  public static var newlineToCRInput: UInt32 { 0o100 }
  /// ISTRIP.
  public static var strip: UInt32 { 0o40 }
  /// IXON.
  public static var startStop: UInt32 { 0o2000 }

  // MARK: - Bits of `output`

  /// OPOST.
  public static var process: UInt32 { 0o1 }
  /// ONLCR.
  public static var newlineToCR: UInt32 { 0o4 }
  /// OCRNL.
  public static var outputCRToNewline: UInt32 { 0o10 }
  /// ONLRET.
  public static var newlineReturns: UInt32 { 0o40 }

  // MARK: - Bits of `local`

  /// ISIG.
  public static var signals: UInt32 { 0o1 }
  /// ICANON.
  public static var canonical: UInt32 { 0o2 }
  /// ECHO.
  public static var echo: UInt32 { 0o10 }
  /// ECHOE.
  public static var echoErase: UInt32 { 0o20 }
  /// ECHOK.
  public static var echoKill: UInt32 { 0o40 }
  /// ECHONL.
  public static var echoNewline: UInt32 { 0o100 }
  /// NOFLSH.
  public static var noFlush: UInt32 { 0o200 }
  /// TOSTOP.
  public static var stopOutput: UInt32 { 0o400 }
  /// ECHOCTL.
  public static var echoControl: UInt32 { 0o1000 }
  /// ECHOKE.
  public static var echoKillErase: UInt32 { 0o4000 }
  /// IEXTEN.
  public static var extended: UInt32 { 0o100000 }
}

/// The size of a terminal's window: `struct winsize`, 8 bytes.
public struct WindowSize: BitwiseCopyable, Hashable, Sendable {
  /// Lines of text.
  public var rows: UInt16
  /// Characters in a line.
  public var columns: UInt16
  /// Pixels, or 0.
  public var width: UInt16 = 0
  /// Pixels, or 0.
  public var height: UInt16 = 0

  /// Makes a size in characters.
  public init(rows: UInt16, columns: UInt16) {
    self.rows = rows
    self.columns = columns
  }
}
