/// The kernel's command line, understood.
///
/// The line consists of words `name=value` (see `KernelOption` for the names, `CommandLineWords` for quoting).
/// Rules:
/// - The first word may be the kernel's file name, which QEMU puts there. It is taken for one if it has no `=`,
///   or a `/` before its first `=`.
/// - An option that appears again replaces the earlier value, so that appended options win.
/// - After a word `--` everything belongs to the program and is not looked at.
/// - Anything else is refused; a line with a misspelt option must not boot as if it said something else.
///
/// Texts stay where they are: values are ranges of the bytes that were parsed.

import Log

/// The options of a run, with their defaults.
public struct KernelOptions: Sendable {
  /// How much the log shows; `info` unless said otherwise.
  public var log = LogLevel.info
  /// How threads are switched; by software unless said otherwise.
  public var switchMethod = SwitchMethod.software
  /// Whether floating-point state is switched with the thread, or else when it is first used.
  public var switchesFloatingPointEagerly = true
  /// Which timer ends slices and sleeps; the best one unless said otherwise.
  public var timer = TimerChoice.best
  /// Where the console is shown; everywhere unless said otherwise.
  public var console = ConsoleDevices.all
  /// The size in MiB of a root file system that is made at start; 0 for as much as seems right.
  public var ramdisk: UInt32 = 0
  /// KiB of memory for the trace of a processor; 0, which is unless said otherwise, for none.
  public var traceKilobytes: UInt32 = 0
  /// Whether the monitor runs, even if there is a program to start.
  public var startsMonitor = false
  /// Whether the calls of programs are counted and timed for the host.
  public var profilesCalls = false
  /// Where the program's path stands in the command line, if there is one.
  public var program: Range<Int>?
  /// Where the test's name stands in the command line, if there is one.
  public var test: Range<Int>?
  /// Where the program's arguments stand: all that follows `--`, leading spaces left out.
  public var programArguments: Range<Int>?

  /// Options of an empty command line.
  public init() {}

  /// Reads a command line.
  @export(interface)
  public init(parsing bytes: Span<UInt8>) throws(CommandLineError) {
    var words = CommandLineWords()
    var isFirst = true
    while let word = try words.next(bytes) {
      defer { isFirst = false }
      if Self.matches(word.whole, "--", bytes) {
        var start = words.position
        while start < bytes.count, bytes[start] == 0x20 { start += 1 }
        programArguments = start..<bytes.count
        return
      }
      if isFirst, Self.isFileName(word, bytes) { continue }
      guard let equals = word.equals else {
        let option = Self.option(named: word.whole, bytes)
        throw .init(option == nil ? .unknownOption : .missingValue, word.whole, option: option)
      }
      let name = word.whole.lowerBound..<equals
      guard let option = Self.option(named: name, bytes) else { throw .init(.unknownOption, name) }
      guard !word.value.isEmpty else { throw .init(.missingValue, word.whole, option: option) }
      try apply(option, word.value, bytes)
    }
  }

  private mutating func apply(
    _ option: KernelOption, _ value: Range<Int>, _ bytes: Span<UInt8>
  ) throws(CommandLineError) {
    switch option {
    case .log:
      for level in LogLevel.allCases where Self.matches(value, level.name, bytes) {
        log = level
        return
      }
      throw .init(.badValue, value, option: option)
    case .program:
      program = value
    case .test:
      test = value
    case .threadSwitch:
      if Self.matches(value, "software", bytes) {
        switchMethod = .software
      } else if Self.matches(value, "hardware", bytes) {
        switchMethod = .hardware
      } else {
        throw .init(.badValue, value, option: option)
      }
    case .floatingPoint:
      if Self.matches(value, "lazy", bytes) {
        switchesFloatingPointEagerly = false
      } else if Self.matches(value, "eager", bytes) {
        switchesFloatingPointEagerly = true
      } else {
        throw .init(.badValue, value, option: option)
      }
    case .timer:
      if Self.matches(value, "one-shot", bytes) {
        timer = .oneShot
      } else if Self.matches(value, "periodic", bytes) {
        timer = .periodic
      } else if Self.matches(value, "interval", bytes) {
        timer = .interval
      } else {
        throw .init(.badValue, value, option: option)
      }
    case .console:
      console = try Self.devices(value, bytes)
    case .ramdisk:
      guard let size = Self.number(value, bytes), (1...2047).contains(size) else {
        throw .init(.badValue, value, option: option)
      }
      ramdisk = size
    case .trace:
      guard let size = Self.traceSize(value, bytes) else { throw .init(.badValue, value, option: option) }
      traceKilobytes = size
    case .monitor:
      startsMonitor = try Self.isOn(value, bytes, option)
    case .profile:
      profilesCalls = try Self.isOn(value, bytes, option)
    }
  }

  /// `on` or `off`.
  private static func isOn(
    _ value: Range<Int>, _ bytes: Span<UInt8>, _ option: KernelOption
  ) throws(CommandLineError) -> Bool {
    if matches(value, "on", bytes) { return true }
    guard matches(value, "off", bytes) else { throw .init(.badValue, value, option: option) }
    return false
  }

  /// A number of at most nine decimal digits.
  private static func number(_ value: Range<Int>, _ bytes: Span<UInt8>) -> UInt32? {
    guard value.count <= 9 else { return nil }
    var number: UInt32 = 0
    for index in value {
      guard bytes[index] >= 0x30, bytes[index] <= 0x39 else { return nil }
      number = number * 10 + UInt32(bytes[index] - 0x30)
    }
    return number
  }

  /// `on`, `off`, or a number of KiB.
  private static func traceSize(_ value: Range<Int>, _ bytes: Span<UInt8>) -> UInt32? {
    if matches(value, "off", bytes) { return 0 }
    if matches(value, "on", bytes) { return 64 }
    guard let size = number(value, bytes) else { return nil }
    return size >= 4 && size <= 16_384 && size & (size - 1) == 0 ? size : nil
  }

  /// A list of devices, separated by commas.
  private static func devices(
    _ value: Range<Int>, _ bytes: Span<UInt8>
  ) throws(CommandLineError) -> ConsoleDevices {
    var devices: ConsoleDevices = []
    var start = value.lowerBound
    while true {
      var end = start
      while end < value.upperBound, bytes[end] != 0x2C { end += 1 }
      if matches(start..<end, "serial", bytes) {
        devices.insert(.serial)
      } else if matches(start..<end, "screen", bytes) {
        devices.insert(.screen)
      } else if matches(start..<end, "debug", bytes) {
        devices.insert(.debug)
      } else {
        throw .init(.badValue, start..<end, option: .console)
      }
      if end == value.upperBound { return devices }
      start = end + 1
    }
  }

  private static func option(named name: Range<Int>, _ bytes: Span<UInt8>) -> KernelOption? {
    for option in KernelOption.allCases where matches(name, option.name, bytes) { return option }
    return nil
  }

  private static func isFileName(_ word: CommandLineWord, _ bytes: Span<UInt8>) -> Bool {
    guard let equals = word.equals else {
      // The bare name of an option is a mistake, not a kernel called "log".
      return option(named: word.whole, bytes) == nil
    }
    for index in word.whole.lowerBound..<equals where bytes[index] == 0x2F { return true }
    return false
  }

  private static func matches(_ range: Range<Int>, _ text: StaticString, _ bytes: Span<UInt8>) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for index in 0..<range.count {
      // SAFETY: index is below the number of bytes of the static text, as compared above.
      guard unsafe text.utf8Start[index] == bytes[range.lowerBound + index] else { return false }
    }
    return true
  }
}
