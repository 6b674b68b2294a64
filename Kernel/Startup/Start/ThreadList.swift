/// `ps` and `top` on the kernel's console; what a line looks like is `Inspection`'s.

import Arch
import Base
import CMachine
import Inspection
import Log
import Runtime
import Scheduling
import Trace

/// Lists of threads.
enum ThreadList {
  /// Shows every thread with its share of the time since start-up.
  @export(interface)
  static func show() {
    let reference = NodeReference()
    reference.node.log.show(ThreadTable.heading)
    forEach { row, now in
      let share = ThreadTable.share(of: row.runTicks, in: now &- reference.node.clock.start)
      reference.node.log.show(ThreadTable.line(row, share: share))
    }
    let timer = reference.node.threads.timer.interruptCount
    let spurious = reference.node.interrupts.spurious
    reference.node.log.show("timer interrupts for deadlines: \(timer), spurious interrupts: \(spurious)")
  }

  /// Shows how the threads shared the processor during one second, the busiest first.
  @export(interface)
  static func showShares() {
    let reference = NodeReference()
    var shares = ThreadShares()
    let start = cpu_rdtsc()
    forEach { row, _ in shares.begin(row) }
    _ = try? Threads.sleep(nanoseconds: 1_000_000_000)
    forEach { row, _ in shares.end(row) }
    let span = cpu_rdtsc() &- start
    reference.node.log.show(ThreadTable.heading)
    for index in 0..<shares.rowCount {
      guard let row = shares.row(index) else { continue }
      reference.node.log.show(ThreadTable.line(row, share: ThreadTable.share(of: row.runTicks, in: span)))
    }
    if shares.leftOut > 0 { reference.node.log.show("and \(shares.leftOut) less busy") }
  }

  /// Takes the row of each thread at one moment of its own; threads may end and begin in between.
  private static func forEach(_ body: (ThreadRow, UInt64) -> Void) {
    let reference = NodeReference()
    var last: UInt32?
    while true {
      cpu_cli()
      guard let thread = reference.node.threads.scheduler.thread(after: last) else { break }
      let now = cpu_rdtsc()
      let row = ThreadRow(thread, isCurrent: thread == Threads.current, at: now, stackUsed: usedStack(thread))
      cpu_sti()
      last = row.identifier
      body(row, now)
    }
    cpu_sti()
  }

  private static func usedStack(_ thread: ThreadReference) -> UInt? {
    guard let bottom = unsafe UnsafeRawPointer(bitPattern: thread.fields.stackBottom) else { return nil }
    // SAFETY: a thread in the list has its stack, mapped from the bottom for its size.
    return UInt(unsafe StackPaint.usedBytes(bottom: bottom, size: Int(thread.fields.stackSize)))
  }
}
