/// What the console shows of threads, as `ps` and `top` do.

import Arch
import Base
import CMachine
import Log
import Scheduling
import Trace

/// Lists of threads.
enum ThreadList {
  /// Shows every thread.
  static func show() {
    let reference = NodeReference()
    reference.node.log.show("   id name             level state          ms  switches  stack used")
    var next: ThreadReference? = reference.node.threads.scheduler.firstInList
    while let thread = next {
      reference.node.log.show(line(thread))
      next = thread.nextInList
    }
    let timer = reference.node.threads.timer.interruptCount
    let spurious = reference.node.interrupts.spurious
    reference.node.log.show("timer interrupts for deadlines: \(timer), spurious interrupts: \(spurious)")
  }

  private static func line(_ thread: ThreadReference) -> Text {
    let reference = NodeReference()
    let isCurrent = thread == Threads.current
    let ticks = thread.runTicks(isCurrent: isCurrent, at: cpu_rdtsc())
    let ran = thread.isIdle ? ticks &- reference.node.clock.start : ticks
    var line = Text()
    line.append(decimal: UInt64(thread.fields.identifier), width: 5)
    line.append(" ")
    line.append(contentsOf: thread.fields.name.text)
    line.pad(to: 23)
    if thread.isIdle {
      line.append("    -")
    } else {
      line.append(decimal: UInt64(thread.level.number), width: 5)
    }
    line.append(" ")
    line.append(isCurrent ? "running" : thread.waitReason?.name ?? stateName(thread.state))
    line.pad(to: 37)
    line.append(decimal: ran / reference.node.clock.ticksPerMillisecond, width: 10)
    line.append(decimal: UInt64(thread.fields.switchCount), width: 10)
    line.append("  ")
    if thread.fields.stackSize > 0 {
      line.append(decimal: UInt64(usedStack(thread)))
      line.append(" of ")
      line.append(decimal: UInt64(thread.fields.stackSize))
    }
    return line
  }

  private static func usedStack(_ thread: ThreadReference) -> Int {
    guard let bottom = unsafe UnsafeRawPointer(bitPattern: thread.fields.stackBottom) else { return 0 }
    // SAFETY: a thread in the list has its stack, mapped from the bottom for its size.
    return unsafe StackPaint.usedBytes(bottom: bottom, size: Int(thread.fields.stackSize))
  }

  private static func stateName(_ state: ThreadState) -> StaticString {
    switch state {
    case .created: "created"
    case .ready: "ready"
    case .waiting: "waiting"
    case .exited: "ended"
    case .reclaimed: "reclaimed"
    }
  }

  /// Shows how the threads shared the processor during one second, the first sixteen of them.
  static func showShares() {
    let reference = NodeReference()
    var before: InlineArray<16, UInt64> = .init(repeating: 0)
    let start = cpu_rdtsc()
    forFirst { index, thread in before[index] = ticks(thread) }
    _ = try? Threads.sleep(nanoseconds: 1_000_000_000)
    let span = max(1, (cpu_rdtsc() - start) / 1_000)
    forFirst { index, thread in
      let share = (ticks(thread) &- before[index]) / span
      var line = Text()
      line.append(decimal: share / 10, width: 4)
      line.append(".")
      line.append(decimal: share % 10)
      line.append(" %  ")
      line.append(contentsOf: thread.fields.name.text)
      reference.node.log.show(line)
    }
  }

  private static func ticks(_ thread: ThreadReference) -> UInt64 {
    thread.runTicks(isCurrent: thread == Threads.current, at: cpu_rdtsc())
  }

  private static func forFirst(_ body: (Int, ThreadReference) -> Void) {
    var next: ThreadReference? = NodeReference().node.threads.scheduler.firstInList
    var index = 0
    while let thread = next, index < 16 {
      body(index, thread)
      next = thread.nextInList
      index += 1
    }
  }
}
