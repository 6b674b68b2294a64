/// Sending signals.

import Arch
import CMachine
import LinuxABI
import ProgramRecords
import Runtime
import Scheduling
import Signals

extension Programs {
  /// Sends a signal to a process, or to one thread of it.
  ///
  /// - Returns: `false` if it should have been queued and there was no room.
  @export(interface) @discardableResult
  public func send(
    _ signal: SignalNumber, _ information: SignalInformation, to process: ProcessReference,
    thread target: ProgramThreadReference? = nil
  ) -> Bool {
    guard process.fields.ending == nil else { return true }
    if signal == .goOn || signal == .kill {
      process.fields.pending.remove(SignalSets.stops)
      resume(process)
    }
    if SignalSets.stops & signal.mask != 0 { process.fields.pending.remove(SignalNumber.goOn.mask) }
    let isBlocked = target.map { $0.fields.mask & signal.mask != 0 } ?? allBlock(signal, in: process)
    // What is ignored and not even waited for has no effect.
    if process.fields.actions.ignores(signal), !isBlocked { return true }
    let isKept: Bool
    if let target {
      isKept = target.fields.pending.insert(signal, information)
      notify(target, signal)
    } else {
      isKept = process.fields.pending.insert(signal, information)
      var next = process.fields.firstThread
      while let thread = next {
        next = thread.fields.next
        if thread.fields.mask & signal.mask == 0 {
          notify(thread, signal)
          // One thread will take it; the end and a stop are everybody's.
          if signal != .kill { break }
        }
      }
    }
    return isKept
  }

  private func allBlock(_ signal: SignalNumber, in process: ProcessReference) -> Bool {
    var next = process.fields.firstThread
    while let thread = next {
      if thread.fields.mask & signal.mask == 0 { return false }
      next = thread.fields.next
    }
    return true
  }

  /// Makes a thread look at its signals soon.
  func notify(_ thread: ProgramThreadReference, _ signal: SignalNumber) {
    guard thread.fields.mask & signal.mask == 0 else { return }
    interrupt(thread)
  }

  /// Makes a thread see to what there is: at once if it waits.
  public func interrupt(_ thread: ProgramThreadReference) {
    thread.fields.context.hasWork = true
    if let kernelThread = thread.fields.thread, kernelThread.state == .waiting {
      do { try NodeReference().node.threads.scheduler.cancelWait(of: kernelThread) } catch {}
    }
  }

  /// Sends a signal to every process of a group.
  ///
  /// - Returns: whether there was one.
  @export(interface) @discardableResult
  public func send(
    _ signal: SignalNumber, _ information: SignalInformation, toGroup group: Int32,
    by sender: ProcessReference? = nil
  ) -> Bool {
    var isFound = false
    let programs = self
    system.processes.forEachProcess(inGroup: group) { _, payload in
      guard let process = ProcessReference(payload: payload) else { return }
      if let sender, !sender.fields.credentials.maySignal(process.fields.credentials) { return }
      isFound = true
      programs.send(signal, information, to: process)
    }
    return isFound
  }
}
