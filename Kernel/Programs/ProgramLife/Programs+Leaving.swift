/// What a thread sees to before its program goes on.

import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import Signals

extension Programs {
  /// Sees to all that there is before a thread's program goes on: ends, stops, signals.
  ///
  /// - Parameter call: whether it comes from a call, which may have to begin again.
  @export(interface)
  public func leave(_ thread: ProgramThreadReference, fromCall call: Bool) {
    var mayRestart = call
    let process = thread.fields.process
    while true {
      if process.fields.ending != nil || thread.fields.isEnding { endThread(thread) }
      if process.fields.isStopped {
        thread.fields.context.hasWork = false
        _ = NodeReference().node.threads.scheduler.block(on: thread.queue, until: .max)
        _ = NodeReference().node.threads.waitForOutcome(isTimed: false)
        thread.fields.context.hasWork = true
        continue
      }
      thread.fields.context.hasWork = false
      guard let (signal, information) = takeSignal(thread) else {
        if mayRestart { restartWithoutHandler(thread) }
        if let saved = thread.fields.savedMask {
          thread.fields.mask = saved
          thread.fields.savedMask = nil
          // What was blocked by it alone.
          if pendingSet(thread) & ~saved != 0 { continue }
        }
        return
      }
      thread.fields.context.hasWork = true
      let action = process.fields.actions[signal]
      if action.isIgnored { continue }
      if action.isDefault {
        if mayRestart, DefaultAction(of: signal) != .stop {
          mayRestart = perform(signal, thread) || mayRestart
        } else {
          _ = perform(signal, thread)
        }
        continue
      }
      if mayRestart { restart(thread, mayRepeat: action.flags.contains(.restart)) }
      mayRestart = false
      deliver(signal, information, action, to: thread)
    }
  }
}
