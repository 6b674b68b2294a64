/// How a run of the kernel ends, as the kernel tells it and the host tools read it.
///
/// Two channels carry the verdict. The QEMU device `isa-debug-exit` ends the emulator with the process status
/// `(value << 1) | 1`, which has room for seven bits; and the last line on the debug port is a record with the
/// whole status, so that another emulator, or a status of eight bits, loses nothing. The values are ones that
/// QEMU does not produce when it fails by itself (it uses 0 and 1).

/// The way in which a run ended, in the kernel's own judgement.
public enum Verdict: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  /// The work was done; the record's status is the program's.
  case passed = 0x20
  /// A test or a start-up check said no.
  case failed = 0x21
  /// An invariant of the kernel was broken: a panic report precedes the record.
  case panic = 0x22

  /// The name that stands in the record.
  public var name: StaticString {
    switch self {
    case .passed: "passed"
    case .failed: "failed"
    case .panic: "panic"
    }
  }

  /// The status with which QEMU ends when `rawValue` is written to `isa-debug-exit`.
  public var emulatorStatus: Int32 { Int32(rawValue) << 1 | 1 }
}

/// Where the verdict is written.
public enum VerdictChannel {
  /// The I/O port of `isa-debug-exit`, as the launcher configures it (`iobase=0xf4,iosize=0x04`).
  public static let debugExitPort: UInt16 = 0xF4
  /// The I/O port of the debug console, on QEMU (`-debugcon`) and Bochs (`port_e9_hack`) alike.
  public static let debugConsolePort: UInt16 = 0xE9
  /// The port that ends Bochs when the bytes of "Shutdown" are written to it.
  public static let bochsShutdownPort: UInt16 = 0x8900
  /// What the record's line starts with; then come the verdict's name, a space and the status in decimal.
  ///
  /// Example: `@apus-exit passed 0`.
  public static let recordPrefix: StaticString = "@apus-exit "
}
