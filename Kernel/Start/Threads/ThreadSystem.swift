/// The threads of one processor: who runs, what is recorded, where stacks come from, when the timer is due.

import Arch
import Base
import CMachine
import Scheduling
import Trace

/// All that a processor remembers of its threads; a part of the node.
///
/// Touched only with interrupts off.
public struct ThreadSystem: ~Copyable {
  /// Who runs and who runs next.
  public var scheduler: Scheduler
  /// What happened last.
  public var trace = TraceRing()
  /// When the timer interrupts.
  public var timer = DeadlineTimer()
  /// Stacks for threads.
  var stacks = StackPool()
  #if arch(i386)
    /// Whether threads are switched by the processor's tasks.
    public var switchesByHardware = false
    // Which of the two descriptors for threads' tasks the processor is in.
    var usesSecondTask = false
  #endif

  /// The code that runs now becomes the idle thread.
  init() {
    guard let memory = unsafe UnsafeMutablePointer<Thread>(bitPattern: symbol_idle_thread()) else {
      preconditionFailure("the idle thread's record lies at address 0")
    }
    // SAFETY: the linker script sets this memory aside for nothing else, more than a record needs, for ever.
    scheduler = Scheduler(idle: unsafe ThreadReference(at: memory))
  }

  /// Lets the processor go on with another thread. Returns when the first one runs again.
  @inline(__always)
  mutating func perform(_ handover: Handover) { perform(handover, at: cpu_rdtsc()) }

  /// The same, when the tick counter has just been read.
  @inline(__always)
  mutating func perform(_ handover: Handover, at now: UInt64) {
    handover.account(at: now)
    trace.record(
      .switching, small: UInt16(truncatingIfNeeded: handover.from.fields.identifier),
      large: handover.to.fields.identifier, at: now)
    #if arch(i386)
      if switchesByHardware {
        jump(to: handover.to)
        return
      }
    #endif
    let space = handover.to.fields.space
    if space != handover.from.fields.space { cpu_write_cr3(space) }
    cpu_switch_stack(handover.from.address, handover.to.address)
  }

  /// Goes on with the thread that should run now; called after every change that may have made another one it.
  @inline(__always)
  mutating func settle() {
    let handover = scheduler.reschedule()
    if scheduler.isSliceLimited && !timer.isSliceArmed { startSlices() }
    if let handover { perform(handover) }
  }
}
