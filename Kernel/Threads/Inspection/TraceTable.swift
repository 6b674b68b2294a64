/// The last events of a trace as a person wants to see them on the console.

import Log
import Scheduling
import Trace

/// Lines of a table of events.
public enum TraceTable {
  /// The line above the events.
  public static var heading: Text { "   ns before now  event         what" }

  /// An event's line.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - nanoseconds: how long ago it was.
  ///   - name: the name of the thread that it is about, see `thread(of:)`.
  @export(interface)
  public static func line(_ event: TraceEvent, nanoseconds: UInt64, name: ThreadName?) -> Text {
    var line = Text()
    line.append(decimal: nanoseconds, width: 16)
    line.append("  ")
    guard let kind = event.kind else {
      line.append("kind ")
      line.append(decimal: UInt64(event.kindCode))
      return line
    }
    line.append(kind.name)
    line.pad(to: 32)
    if let thread = thread(of: event) {
      line.append(decimal: UInt64(thread))
      if let name {
        line.append(" ")
        for index in 0..<name.count { line.append(printable: name[index]) }
      }
    }
    appendDetail(of: event, kind, to: &line)
    return line
  }

  /// The thread that an event is about, if it names one.
  public static func thread(of event: TraceEvent) -> UInt32? {
    switch event.kind {
    case .switching, .wake, .create, .exit, .level: event.large
    case .lock, .unlock: UInt32(event.small)
    default: nil
    }
  }

  private static func appendDetail(of event: TraceEvent, _ kind: TraceKind, to line: inout Text) {
    switch kind {
    case .switching: append(SwitchCause(rawValue: event.small)?.name ?? "?", to: &line)
    case .wake:
      append(WaitOutcome(rawValue: UInt8(truncatingIfNeeded: event.small))?.name ?? "?", to: &line)
    case .create, .level:
      line.append(", level ")
      line.append(decimal: UInt64(event.small))
    case .interruptBegin, .interruptEnd:
      line.append("vector ")
      line.append(decimal: UInt64(event.small))
    case .waitBegin:
      line.append(WaitReason(rawValue: UInt8(truncatingIfNeeded: event.small))?.name ?? "?")
      appendAddress(event.large, to: &line)
    case .lock, .unlock, .fault: appendAddress(event.large, to: &line)
    case .callBegin, .callEnd:
      line.append("call ")
      line.append(decimal: UInt64(event.small))
    case .timer:
      line.append("in ")
      line.append(decimal: UInt64(event.large))
      line.append(event.small == 1 ? " ticks, the end of a slice" : " ticks")
    case .mark:
      line.append(decimal: UInt64(event.small))
      line.append(" ")
      line.append(decimal: UInt64(event.large))
    case .exit, .empty: break
    }
  }

  private static func append(_ word: StaticString, to line: inout Text) {
    line.append(", ")
    line.append(word)
  }

  private static func appendAddress(_ address: UInt32, to line: inout Text) {
    line.append(" at ..")
    line.append(hexadecimal: UInt64(address), width: 8)
  }
}

extension TraceKind {
  /// The kind in a word or two.
  public var name: StaticString {
    switch self {
    case .empty: "nothing"
    case .switching: "switch to"
    case .wake: "wake"
    case .interruptBegin: "interrupt"
    case .interruptEnd: "interrupt end"
    case .waitBegin: "wait for"
    case .lock: "lock by"
    case .unlock: "unlock by"
    case .create: "create"
    case .exit: "exit"
    case .level: "level of"
    case .callBegin: "call"
    case .callEnd: "call end"
    case .fault: "page fault"
    case .mark: "mark"
    case .timer: "timer"
    }
  }
}

extension SwitchCause {
  /// The cause in a word or two.
  public var name: StaticString {
    switch self {
    case .turn: "its turn"
    case .wait: "the other waits"
    case .slice: "the other's slice is over"
    }
  }
}

extension WaitOutcome {
  /// The outcome in a word or two.
  public var name: StaticString {
    switch self {
    case .satisfied: "satisfied"
    case .ownerEnded: "owner ended"
    case .timedOut: "timed out"
    case .cancelled: "cancelled"
    case .deadlock: "deadlock"
    case .blocked: "blocked"
    }
  }
}
