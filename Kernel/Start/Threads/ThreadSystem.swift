/// The threads of one processor: who runs, what is recorded, where stacks come from, when the timer is due.

import Arch
import Base
import CMachine
import Scheduling
import Sync
import Trace

/// All that a processor remembers of its threads; a part of the node.
///
/// Touched only with interrupts off.
public struct ThreadSystem: ~Copyable {
  /// Who runs and who runs next.
  public var scheduler: Scheduler
  /// A unit for every byte that was typed.
  public let inputArrived: Semaphore
  /// When the timer interrupts.
  public var timer = DeadlineTimer()
  // Whether a switch is more than a change of stacks: one test for the trace, programs and the hardware's way together.
  private var isSpecial = false
  // Whether it is more than that and an event in the trace.
  private var isMoreThanTraced = false
  /// Whether there may be threads of programs.
  public var hasPrograms = false {
    didSet { noteExtras() }
  }
  /// Stacks for threads.
  var stacks = StackPool()
  #if arch(i386)
    /// Whether threads are switched by the processor's tasks.
    public var switchesByHardware = false {
      didSet { noteExtras() }
    }
    // Which of the two descriptors for threads' tasks the processor is in.
    var usesSecondTask = false
    private var isByHardware: Bool { switchesByHardware }
  #else
    private var isByHardware: Bool { false }
  #endif

  /// The code that runs now becomes the idle thread.
  init() {
    guard let memory = unsafe UnsafeMutablePointer<Thread>(bitPattern: symbol_idle_thread()) else {
      preconditionFailure("the idle thread's record lies at address 0")
    }
    // SAFETY: the linker script sets this memory aside for nothing else, more than a record needs, for ever.
    scheduler = Scheduler(idle: unsafe ThreadReference(at: memory), at: cpu_rdtsc())
    let second = unsafe UnsafeMutableRawPointer(memory).advanced(by: 2048)
      .assumingMemoryBound(to: Semaphore.Record.self)
    // SAFETY: the second half of that memory is for the semaphore's record, for ever.
    guard let made = try? unsafe Semaphore(at: second, count: 0) else {
      preconditionFailure("0 units are allowed")
    }
    inputArrived = made
  }

  /// Lets the processor go on with another thread.
  ///
  /// Returns when the first one runs again.
  @inline(__always)
  mutating func perform(_ handover: Handover, _ cause: SwitchCause = .turn) {
    perform(handover, cause, at: cpu_rdtsc())
  }

  /// The same, when the tick counter has just been read.
  @inline(__always)
  mutating func perform(_ handover: Handover, _ cause: SwitchCause = .turn, at now: UInt64) {
    handover.account(at: now)
    if _slowPath(isSpecial) {
      if isMoreThanTraced {
        performWithExtras(handover, cause, at: now)
        return
      }
      record(handover, cause, at: now)
    }
    let space = handover.to.fields.space
    if space != handover.from.fields.space { cpu_write_cr3(space) }
    cpu_switch_stack(handover.from.address, handover.to.address)
  }

  /// Records a switch and what led to it; the trace is on.
  @inline(__always)
  private mutating func record(_ handover: Handover, _ cause: SwitchCause, at now: UInt64) {
    if cause == .slice { recordSlice(at: now) }
    scheduler.noteSwitch(handover, cause, at: now)
  }

  /// Records the timer's interrupt at the end of a slice, all of which is over at the switch.
  @inline(never)
  private mutating func recordSlice(at now: UInt64) {
    let vector = UInt16(LocalInterruptController.timerVector)
    scheduler.trace.record(.interruptBegin, small: vector, at: now)
    scheduler.trace.record(.timer, small: 1, large: UInt32(clamping: timer.sliceTicks), at: now)
    scheduler.trace.record(.interruptEnd, small: vector, at: now)
  }

  /// A switch to or from a program's thread, or one by the processor's tasks.
  @inline(never)
  private mutating func performWithExtras(_ handover: Handover, _ cause: SwitchCause, at now: UInt64) {
    if scheduler.trace.isOn { record(handover, cause, at: now) }
    let program = handover.to.fields.tag
    if program != 0 { Processor.load(program: program) }
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

  /// Finds out what switches are besides a change of stacks; called after any of it has changed.
  mutating func noteExtras() {
    isMoreThanTraced = hasPrograms || isByHardware
    isSpecial = isMoreThanTraced || scheduler.trace.isOn
  }

  /// Goes on with the thread that should run now; called after every change that may have made another one it.
  @inline(__always)
  public mutating func settle() { settle(.turn) }

  /// The same, for a reason.
  @inline(__always)
  mutating func settle(_ cause: SwitchCause) {
    let handover = scheduler.reschedule()
    noteSharing()
    if let handover { perform(handover, cause) }
  }

  /// Sets the timer for the end of a slice if the current thread has come to share its level.
  @inline(__always)
  mutating func noteSharing() {
    if !timer.isSliceArmed && scheduler.isSliceLimited { startSlices() }
  }
}
