/// The answers that the entries of the kernel give without a call: numbers of the thread and of who it acts for.

import Arch
import Processes

extension Programs {
  /// Writes the answers that the entries of the kernel give.
  public func describe(_ thread: ProgramThreadReference) {
    let process = thread.fields.process
    let credentials = process.fields.credentials
    thread.fields.context.process = UInt(process.fields.number)
    thread.fields.context.thread = UInt(thread.fields.number)
    thread.fields.context.user = UInt(credentials.user)
    thread.fields.context.effectiveUser = UInt(credentials.effectiveUser)
    thread.fields.context.group = UInt(credentials.group)
    thread.fields.context.effectiveGroup = UInt(credentials.effectiveGroup)
  }

  /// Writes the answers of all threads of a process, after its credentials have changed.
  public func describeAll(_ process: ProcessReference) {
    var next = process.fields.firstThread
    while let thread = next {
      describe(thread)
      next = thread.fields.next
    }
  }
}
