/// The threads as a person wants to see them: `ps` and `top` on the kernel's console.
///
/// Pure functions from records to lines. Nothing here stops the scheduler: the caller reads a consistent moment by
/// keeping interrupts off while it takes the rows, and may print them afterwards.

import Log
import Scheduling

/// One thread at one moment.
public struct ThreadRow: BitwiseCopyable, Sendable {
  /// The thread's number.
  public var identifier: UInt32
  /// The thread's name.
  public var name: ThreadName
  /// The level it is queued at, 0 to 31; -1 for an idle thread.
  public var level: Int
  /// The level that was set for it, 0 to 31; -1 for an idle thread.
  public var baseLevel: Int
  /// Where it is in its life.
  public var state: ThreadState
  /// What it waits for, if it does.
  public var reason: WaitReason?
  /// Whether it is the one that runs.
  public var isCurrent: Bool
  /// The ticks it has run.
  public var runTicks: UInt64
  /// How often it was switched to.
  public var switchCount: UInt32
  /// The bytes of its stack that were ever used, or `nil` if nobody looked.
  public var stackUsed: UInt?
  /// The bytes of its stack.
  public var stackSize: UInt

  /// Takes a thread's row.
  ///
  /// - Parameters:
  ///   - thread: a thread that has not been reclaimed.
  ///   - isCurrent: whether it runs now.
  ///   - now: the tick counter.
  ///   - stackUsed: the bytes of its stack that were ever used, from `StackPaint.usedBytes`.
  public init(_ thread: ThreadReference, isCurrent: Bool, at now: UInt64, stackUsed: UInt? = nil) {
    identifier = thread.fields.identifier
    name = thread.fields.name
    level = thread.isIdle ? -1 : thread.level.number
    baseLevel = thread.isIdle ? -1 : thread.baseLevel.number
    state = thread.state
    reason = thread.waitReason
    self.isCurrent = isCurrent
    runTicks = thread.runTicks(isCurrent: isCurrent, at: now)
    switchCount = thread.fields.switchCount
    self.stackUsed = stackUsed
    stackSize = thread.fields.stackSize
  }

  /// The row's state in one word.
  public var stateName: StaticString {
    switch state {
    case .created: "created"
    case .ready: isCurrent ? "running" : "ready"
    case .waiting: reason?.name ?? "waiting"
    case .exited: "exited"
    case .reclaimed: "gone"
    }
  }
}

/// Lines of a table of threads.
public enum ThreadTable {
  /// The line above the rows.
  public static var heading: Text {
    "   id  name              level  base  state        cpu  switches  stack used"
  }

  /// A thread's line.
  ///
  /// - Parameters:
  ///   - row: the thread.
  ///   - share: its part of the processor's time in thousandths, see `share(of:in:)`.
  public static func line(_ row: ThreadRow, share: UInt32) -> Text {
    var line = Text()
    line.append(decimal: UInt64(row.identifier), width: 5)
    line.append("  ")
    for index in 0..<row.name.count { line.append(printable: row.name[index]) }
    line.pad(to: 25)
    append(level: row.level, to: &line)
    line.pad(to: 31)
    append(level: row.baseLevel, to: &line)
    line.append("  ")
    line.append(row.stateName)
    line.pad(to: 48)
    line.append(decimal: UInt64(share / 10), width: 3)
    line.append(".")
    line.append(decimal: UInt64(share % 10))
    line.append("%")
    line.append(decimal: UInt64(row.switchCount), width: 10)
    line.append("  ")
    if let used = row.stackUsed {
      line.append(decimal: UInt64(used), width: 5)
      line.append(" of ")
      line.append(decimal: UInt64(row.stackSize))
    } else {
      line.append("    -")
    }
    return line
  }

  /// The part of a span of time that a thread ran, in thousandths, rounded; at most 1000.
  ///
  /// - Parameters:
  ///   - ticks: the ticks that the thread ran in the span.
  ///   - span: the ticks of the span.
  public static func share(of ticks: UInt64, in span: UInt64) -> UInt32 {
    if span == 0 { return 0 }
    // Down to 32 bits first, so that no 64-bit division is needed; 21 bits of precision are left at least.
    let width = UInt64.bitWidth - max(span, ticks).leadingZeroBitCount
    let shift = UInt64(max(0, width - 21))
    let part = UInt32(truncatingIfNeeded: ticks >> shift)
    let whole = max(UInt32(truncatingIfNeeded: span >> shift), 1)
    return min((part * 1000 + whole / 2) / whole, 1000)
  }

  private static func append(level: Int, to line: inout Text) {
    if level < 0 { line.append(" idle") } else { line.append(decimal: UInt64(level), width: 5) }
  }
}
