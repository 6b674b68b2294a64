/// The kernel's log: every line goes into a ring in memory, and the ones that matter to the console too.
///
/// The ring takes a line before the console does, so a panic that cuts into the output of a line loses nothing:
/// its report ends with the last lines of the ring, whole.

import Base

/// Where bytes for a person to read go: a serial line, a screen, or several at once.
public protocol ConsoleOutput: ~Copyable {
  /// Shows one byte; a line feed begins a new line at its start.
  mutating func write(_ byte: UInt8)
}

/// The time and place that a line of the log is stamped with.
public struct LogStamp: BitwiseCopyable, Sendable {
  /// Microseconds since the kernel began.
  public var microseconds: UInt64
  /// The processor that wrote the line, counted from 0.
  public var processor: UInt32

  /// Makes a stamp.
  public init(microseconds: UInt64, processor: UInt32) {
    self.microseconds = microseconds
    self.processor = processor
  }
}

/// A log over some console.
///
/// - Invariant: `ring` holds the last bytes of the log, whole lines first to last; the oldest line may be cut.
public struct Log<Output: ConsoleOutput & ~Copyable>: ~Copyable {
  /// Where lines are shown.
  ///
  /// Others may write to it too, a monitor's prompt for example.
  public var output: Output

  /// Lines less important than this go into the ring only.
  public var threshold: LogLevel

  /// The last lines, shown or not.
  public private(set) var ring = LogRing()

  /// Makes a log that shows lines of `threshold` or more important ones.
  public init(output: consuming Output, threshold: LogLevel = .info) {
    self.output = output
    self.threshold = threshold
  }

  /// Writes a line: `[    0.001234] cpu0 info memory: text`.
  ///
  /// - Parameters:
  ///   - level: how important the line is.
  ///   - subject: the part of the kernel that speaks, one word.
  ///   - stamp: when and where.
  ///   - text: the sentence.
  public mutating func write(_ level: LogLevel, _ subject: StaticString, at stamp: LogStamp, _ text: Text) {
    var line = Self.prefix(level, subject, stamp)
    line.append(contentsOf: text)
    ring.append(line)
    if level <= threshold { show(line) }
  }

  /// Shows a line as it is, without a stamp and without keeping it.
  public mutating func show(_ line: Text) {
    for index in 0..<line.count { output.write(line[index]) }
    output.write(UInt8(ascii: "\n"))
  }

  /// Shows the last `lineCount` lines of the ring, each after `indent`.
  public mutating func showTail(lineCount: Int, indent: StaticString) {
    var position = ring.startOfTail(lineCount: lineCount)
    while position < ring.end {
      var line = Text()
      line.append(indent)
      while position < ring.end {
        let byte = ring.byte(at: position)
        position += 1
        if byte == UInt8(ascii: "\n") { break }
        line.append(byte: byte)
      }
      show(line)
    }
  }

  private static func prefix(_ level: LogLevel, _ subject: StaticString, _ stamp: LogStamp) -> Text {
    var line = Text()
    line.append("[")
    line.append(decimal: stamp.microseconds / 1_000_000, width: 5)
    line.append(".")
    line.append(decimal: stamp.microseconds % 1_000_000, width: 6, padding: UInt8(ascii: "0"))
    line.append("] cpu")
    line.append(decimal: UInt64(stamp.processor))
    line.append(" ")
    line.append(level.name)
    line.append(" ")
    line.append(subject)
    line.append(": ")
    return line
  }
}
