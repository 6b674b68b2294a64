/// The options that the kernel knows.

/// An option of the kernel's command line; the table of names and allowed values.
///
/// To add one: a case, its name, what it allows, and a line in `KernelOptions.apply`.
public enum KernelOption: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  /// How much the log shows.
  case log
  /// The program to start, a path in the ramdisk.
  case program
  /// The test to run instead of ordinary work.
  case test
  /// How threads are switched.
  case threadSwitch
  /// When floating-point state is switched.
  case floatingPoint
  /// Which timer ends slices and sleeps.
  case timer
  /// Where the console is shown.
  case console
  /// The size of a root file system that is made at start.
  case ramdisk
  /// Whether events are recorded, and how many.
  case trace
  /// Whether the kernel's own console runs, even if there is a program.
  case monitor
  /// Whether the calls of programs are counted and timed for the host.
  case profile

  /// The option's name, as it is written before the `=`.
  public var name: StaticString {
    switch self {
    case .log: "log"
    case .program: "program"
    case .test: "test"
    case .threadSwitch: "switch"
    case .floatingPoint: "fpu"
    case .timer: "timer"
    case .console: "console"
    case .ramdisk: "ramdisk"
    case .trace: "trace"
    case .monitor: "monitor"
    case .profile: "profile"
    }
  }

  /// The values that the option allows, in words.
  public var allowed: StaticString {
    switch self {
    case .log: "error, warning, info or debug"
    case .program: "a path in the ramdisk"
    case .test: "the name of a test"
    case .threadSwitch: "software or hardware"
    case .floatingPoint: "lazy or eager"
    case .timer: "one-shot, periodic or interval"
    case .console: "serial, screen and debug, separated by commas"
    case .ramdisk: "a size in MiB, 1 to 2047"
    case .trace: "on, off, or KiB for events: a power of two from 4 to 16384"
    case .monitor, .profile: "on or off"
    }
  }
}

/// How threads are switched.
public enum SwitchMethod: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// Callee-saved registers and the stack pointer, by instructions.
  case software
  /// A jump to a task-state segment; i686 only.
  case hardware
}

/// Which timer ends slices and sleeps.
public enum TimerChoice: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// The best there is.
  case best
  /// The local APIC's, set for each deadline.
  case oneShot
  /// The local APIC's, at a fixed period.
  case periodic
  /// The 8254.
  case interval
}

/// Devices that show the console.
public struct ConsoleDevices: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The set as bits: 1 serial, 2 screen, 4 debug port.
  public let rawValue: UInt8

  /// Makes a set of its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The 16550 serial port.
  public static let serial = ConsoleDevices(rawValue: 1)
  /// VGA text.
  public static let screen = ConsoleDevices(rawValue: 2)
  /// The emulator's debug port.
  public static let debug = ConsoleDevices(rawValue: 4)
  /// All of them.
  public static let all: ConsoleDevices = [.serial, .screen, .debug]
}
