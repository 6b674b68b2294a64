/// What is known of a guest, and the line that a list of guests has for it.

import Log

/// A guest as a list shows it.
public struct GuestFacts: BitwiseCopyable, Sendable {
  /// What a guest has done since its start.
  public struct Counts: BitwiseCopyable, Sendable {
    /// Milliseconds that it had the processor.
    public var milliseconds: UInt64 = 0
    /// Calls of the host.
    public var calls: UInt64 = 0
    /// Pages that were shown after a fault.
    public var fills: UInt64 = 0
    /// Faults and other traps that were passed on to it.
    public var traps: UInt64 = 0
    /// Interrupts that were delivered.
    public var interrupts: UInt64 = 0

    /// Nothing yet.
    public init() {}
  }

  /// Its number, from 1.
  public var number: UInt32
  /// What it does, in a word.
  public var state: StaticString
  /// How urgent it is, 1 to 15.
  public var level: UInt32 = 0
  /// Its share of the processor in percent.
  public var share: UInt32 = 0
  /// MiB of its memory.
  public var megabytes: UInt32 = 0
  /// How often it was started.
  public var starts: UInt32 = 0
  /// What it has done, or `nil` for one that is no more.
  public var counts: Counts?
  /// The first 24 bytes of its name at most.
  private var name: InlineArray<24, UInt8> = .init(repeating: 0)
  private var nameLength = 0

  /// A guest of which nothing more is known.
  public init(number: UInt32, state: StaticString) {
    self.number = number
    self.state = state
  }

  /// Names it after its kernel's file: what stands behind the last `/` of the first word of a boot module's text.
  public mutating func setName(ofModule text: Span<UInt8>) {
    var start = 0
    var end = 0
    while end < text.count, text[end] != UInt8(ascii: " ") {
      if text[end] == UInt8(ascii: "/") { start = end + 1 }
      end += 1
    }
    nameLength = min(end - start, 24)
    for index in 0..<nameLength { name[index] = text[start + index] }
  }

  /// What stands above the lines.
  public static var heading: Text {
    "guest state     level share    MiB starts  processor      calls      fills      traps interrupts name"
  }

  /// The guest's line.
  public var line: Text {
    var line = Text()
    line.append(decimal: UInt64(number), width: 5)
    line.append(" ")
    line.append(state)
    line.pad(to: 15)
    line.append(decimal: UInt64(level), width: 6)
    line.append(decimal: UInt64(share), width: 5)
    line.append("%")
    line.append(decimal: UInt64(megabytes), width: 7)
    line.append(decimal: UInt64(starts), width: 7)
    if let counts {
      line.append(decimal: counts.milliseconds, width: 8)
      line.append(" ms")
      line.append(decimal: counts.calls, width: 11)
      line.append(decimal: counts.fills, width: 11)
      line.append(decimal: counts.traps, width: 11)
      line.append(decimal: counts.interrupts, width: 11)
    } else {
      line.append("       -   ")
      for _ in 0..<4 { line.append("          -") }
    }
    line.append(" ")
    for index in 0..<nameLength { line.append(printable: name[index]) }
    return line
  }
}
