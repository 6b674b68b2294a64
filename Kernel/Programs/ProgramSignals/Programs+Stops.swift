/// Stopping processes, letting them go on, and making them end.

import Arch
import CMachine
import LinuxABI
import Processes
import ProgramRecords
import Runtime
import Signals

extension Programs {
  /// Stops a process: its threads wait before they would go on.
  func stop(_ process: ProcessReference, by signal: SignalNumber) {
    guard !process.fields.isStopped else { return }
    process.fields.isStopped = true
    var next = process.fields.firstThread
    while let thread = next {
      next = thread.fields.next
      interrupt(thread)
    }
    if let parent = system.processes.noteStop(of: process.fields.number, by: Int32(signal.rawValue)) {
      tellParent(parent, of: process.fields.number, code: 5, status: Int32(signal.rawValue), isStop: true)
    }
  }

  /// Lets a stopped process go on.
  package func resume(_ process: ProcessReference) {
    guard process.fields.isStopped else { return }
    process.fields.isStopped = false
    var next = process.fields.firstThread
    while let thread = next {
      next = thread.fields.next
      wakeAll(thread.queue)
    }
    if let parent = system.processes.noteStop(of: process.fields.number, by: nil) {
      tellParent(parent, of: process.fields.number, code: 6, status: 18, isStop: true)
    }
  }

  /// Sends SIGCHLD to a parent and wakes it if it waits for children.
  package func tellParent(_ parent: Int32, of child: Int32, code: Int32, status: Int32, isStop: Bool) {
    guard let process = process(parent) else { return }
    if !isStop || !process.fields.actions[.child].flags.contains(.noChildStop) {
      send(
        .child,
        SignalInformation(code: code, process: child, user: 0, value: UInt64(truncatingIfNeeded: status)),
        to: process)
    }
    wakeAll(process.children)
  }

  /// Makes all threads of a process end.
  @export(interface)
  public func end(_ process: ProcessReference, _ status: ExitStatus) {
    guard process.fields.ending == nil else { return }
    process.fields.ending = status
    resume(process)
    var next = process.fields.firstThread
    while let thread = next {
      next = thread.fields.next
      interrupt(thread)
      wakeAll(thread.queue)
    }
  }
}
