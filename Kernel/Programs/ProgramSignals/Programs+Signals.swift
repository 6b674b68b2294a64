/// What reaches a program from outside of its own course: signals, stops, timers, the order to end.
///
/// This module protects that a signal is neither lost nor seen twice: it is sent to a process or a thread, waits there
/// while it is blocked, and is taken by one thread, which goes on in a handler, stops, or ends. Who looks whether there
/// is something to take, and when, is `ProgramLife`'s affair (`Programs+Leaving.swift`).
///
/// Here: taking signals: what a thread does about one by default, and calls that one has interrupted.

import CMachine
import LinuxABI
import Log
import Processes
import ProgramRecords
import Runtime
import Signals

extension Programs {
  package func pendingSet(_ thread: ProgramThreadReference) -> UInt64 {
    thread.fields.pending.set | thread.fields.process.fields.pending.set
  }

  package func takeSignal(_ thread: ProgramThreadReference) -> (SignalNumber, SignalInformation)? {
    let allowed = ~thread.fields.mask
    var taken = thread.fields.pending.take(allowed)
    if taken == nil { taken = thread.fields.process.fields.pending.take(allowed) }
    guard let (signal, information) = taken else { return nil }
    return (signal, completed(information, of: thread.fields.process))
  }

  /// Does what a signal does by default.
  ///
  /// - Returns: whether nothing came of it.
  @inline(never)
  package func perform(_ signal: SignalNumber, _ thread: ProgramThreadReference) -> Bool {
    let process = thread.fields.process
    let isInitial = process.fields.number == system.processes.initialProcess
    switch DefaultAction(of: signal) {
    case .ignore, .goOn: return true
    case .stop:
      if isInitial { return true }
      if signal != .stop, let group = try? system.processes.group(of: process.fields.number),
        system.processes.isOrphaned(group: group)
      {
        return true
      }
      stop(process, by: signal)
      return false
    case .terminate, .dumpCore:
      // The first process ends by its own will, or by a fault of its own.
      if isInitial, DefaultAction(of: signal) == .terminate { return true }
      if DefaultAction(of: signal) == .dumpCore {
        log(
          .debug, "programs",
          "process \(process.fields.number) ended by signal \(UInt32(signal.rawValue)) at \(hexadecimal: UInt64(thread.programCounter))"
        )
      }
      end(process, .killed(by: Int32(signal.rawValue)))
      return false
    }
  }

  // MARK: - Restart

  /// What a call answers that a signal has interrupted; a program never sees it.
  public static var restartAlways: Int { -512 }  // unless a handler without SA_RESTART ran
  /// Unless any handler ran.
  public static var restartWithoutHandler: Int { -514 }
  /// A sleep, whose end stays where it was.
  public static var restartSleep: Int { -516 }

  /// A handler runs: the call is repeated after it, or has been interrupted.
  package func restart(_ thread: ProgramThreadReference, mayRepeat: Bool) {
    let result = thread.result
    switch result {
    case Self.restartAlways where mayRepeat: thread.repeatCall()
    case Self.restartAlways, Self.restartWithoutHandler, Self.restartSleep: thread.result = -4
    default: break
    }
  }

  /// No handler runs: the call is repeated.
  package func restartWithoutHandler(_ thread: ProgramThreadReference) {
    switch thread.result {
    case Self.restartAlways, Self.restartWithoutHandler: thread.repeatCall()
    case Self.restartSleep: thread.repeatCall()
    default: break
    }
  }
}
