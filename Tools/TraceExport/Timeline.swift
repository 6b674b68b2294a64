/// What the events of a trace mean when they are read together: who ran when.

import Trace

/// A stretch of time.
public struct Stretch: Hashable, Sendable {
  /// What the stretch belongs to: a thread, or an interrupt vector.
  public var subject: Int
  /// The tick at which it begins.
  public var begin: UInt64
  /// The tick at which it is over.
  public var end: UInt64
}

/// A moment at which something happened to a thread.
public struct Moment: Hashable, Sendable {
  /// What happened.
  public var kind: TraceKind
  /// The thread, or the object, that it happened to.
  public var subject: Int
  /// The event's smaller argument.
  public var detail: Int
  /// The thread that ran, if the trace tells.
  public var runner: Int?
  /// The tick of the event.
  public var time: UInt64
}

/// The runs of a processor's threads and interrupt handlers.
public struct Timeline: Sendable {
  /// When which thread ran, in order.
  ///
  /// Thread numbers are the low 16 bits of the identifiers.
  public private(set) var runs: [Stretch] = []
  /// When which interrupt was handled, in the order of their ends.
  public private(set) var interrupts: [Stretch] = []
  /// Everything else, in order.
  public private(set) var moments: [Moment] = []
  /// The first tick.
  public let begin: UInt64
  /// The last tick.
  public let end: UInt64

  /// Reads a trace.
  ///
  /// The last run is cut where it ends.
  public init(_ events: [TraceEvent]) {
    begin = events.map(\.time).min() ?? 0
    end = events.map(\.time).max() ?? 0
    var runner: (thread: Int, since: UInt64)?
    var open: [(vector: Int, since: UInt64)] = []
    for event in events {
      switch event.kind {
      case .switching:
        // Who ran before the first switch, the trace does not tell.
        if let runner, runner.since < event.time {
          runs.append(Stretch(subject: runner.thread, begin: runner.since, end: event.time))
        }
        runner = (Int(event.large & 0xFFFF), event.time)
      case .interruptBegin: open.append((Int(event.small), event.time))
      case .interruptEnd:
        if let last = open.popLast() {
          interrupts.append(Stretch(subject: last.vector, begin: last.since, end: event.time))
        }
      case .empty, nil: break
      case let kind?:
        moments.append(
          Moment(
            kind: kind, subject: Int(event.large), detail: Int(event.small), runner: runner?.thread,
            time: event.time))
      }
    }
    if let runner, runner.since < end {
      runs.append(Stretch(subject: runner.thread, begin: runner.since, end: end))
    }
  }

  /// The part of the time line between two ticks.
  public func part(from first: UInt64, to last: UInt64) -> Timeline {
    var part = Timeline(begin: max(begin, first), end: min(end, last))
    func cut(_ stretches: [Stretch]) -> [Stretch] {
      stretches.filter { $0.end >= part.begin && $0.begin <= part.end }.map {
        Stretch(subject: $0.subject, begin: max($0.begin, part.begin), end: min($0.end, part.end))
      }
    }
    part.runs = cut(runs)
    part.interrupts = cut(interrupts)
    part.moments = moments.filter { $0.time >= part.begin && $0.time <= part.end }
    return part
  }

  private init(begin: UInt64, end: UInt64) {
    self.begin = begin
    self.end = max(begin, end)
  }

  /// The threads that ran, by number.
  public var threads: [Int] { Set(runs.map(\.subject)).sorted() }
}
