/// The last events on the kernel's console; what a line looks like is `Inspection`'s.

import Arch
import Base
import CMachine
import Inspection
import Log
import Runtime
import Scheduling
import Trace

/// The list of the last events.
enum TraceList {
  private static var count: Int { 24 }

  /// Shows the last events, the oldest first.
  @export(interface)
  static func show() {
    let reference = NodeReference()
    guard reference.node.threads.scheduler.trace.isOn else {
      reference.node.log.show("the trace is off; trace=on on the command line turns it on")
      return
    }
    var events: InlineArray<24, TraceEvent?> = .init(repeating: nil)
    // Taken together before the first is shown: showing them makes new ones.
    cpu_cli()
    let now = cpu_rdtsc()
    for age in 0..<count { events[age] = reference.node.threads.scheduler.trace.event(age: age) }
    cpu_sti()
    reference.node.log.show(TraceTable.heading)
    for index in 0..<count {
      guard let event = events[count - 1 - index] else { continue }
      let words = TraceTable.thread(of: event).flatMap {
        reference.node.threads.scheduler.trace.name(ofThread: $0)
      }
      let time = reference.node.threads.timer.rate.nanoseconds(fromTicks: now &- event.time)
      reference.node.log.show(
        TraceTable.line(event, nanoseconds: time, name: words.map { ThreadName($0) }))
    }
  }
}
