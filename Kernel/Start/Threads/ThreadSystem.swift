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
  /// What happened last.
  public var trace = TraceRing()
  /// A unit for every byte that was typed.
  public let inputArrived: Semaphore
  /// When the timer interrupts.
  public var timer = DeadlineTimer()
  // The address space whose threads can be switched to by changing stacks and no more: the one in use, or 0, which is
  // nobody's, while `isSpecial`. One comparison for tracing, programs, the hardware's way and other spaces together.
  private var plainSpace: UInt = 0
  // Whether a switch is more than a change of stacks and of spaces.
  private var isSpecial = true
  /// Whether there may be threads of programs.
  public var hasPrograms = false {
    didSet { noteWayToSwitch() }
  }
  /// Stacks for threads.
  var stacks = StackPool()
  #if arch(i386)
    /// Whether threads are switched by the processor's tasks.
    public var switchesByHardware = false {
      didSet { noteWayToSwitch() }
    }
    // Which of the two descriptors for threads' tasks the processor is in.
    var usesSecondTask = false
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
  mutating func perform(_ handover: Handover) { perform(handover, at: cpu_rdtsc()) }

  /// The same, when the tick counter has just been read.
  @inline(__always)
  mutating func perform(_ handover: Handover, at now: UInt64) {
    handover.account(at: now)
    let space = handover.to.fields.space
    if space != plainSpace {
      if isSpecial {
        performSpecially(handover)
        return
      }
      plainSpace = space
      cpu_write_cr3(space)
    }
    cpu_switch_stack(handover.from.address, handover.to.address)
  }

  /// Whether a switch to a thread is a change of stacks and no more.
  @inline(__always)
  func isPlain(_ thread: ThreadReference) -> Bool { thread.fields.space == plainSpace }

  /// Finds out how to switch from now on.
  ///
  /// The current thread's space must be the one in use.
  @export(interface)
  mutating func noteWayToSwitch() {
    isSpecial = trace.isOn || hasPrograms
    #if arch(i386)
      if switchesByHardware { isSpecial = true }
    #endif
    plainSpace = isSpecial ? 0 : scheduler.current.fields.space
  }

  /// A switch that is recorded, to a program's thread, or done by the processor's tasks.
  @inline(never)
  private mutating func performSpecially(_ handover: Handover) {
    if trace.isOn {
      trace.record(
        .switching, small: UInt16(truncatingIfNeeded: handover.from.fields.identifier),
        large: handover.to.fields.identifier, at: cpu_rdtsc())
    }
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

  /// Records events in a ring from now on.
  ///
  /// - Safety: see `TraceRing.start`.
  @unsafe public mutating func startTrace(in memory: UnsafeMutableRawPointer, size: UInt) -> Bool {
    let isStarted = unsafe trace.start(in: memory, size: size)
    noteWayToSwitch()
    return isStarted
  }

  /// Goes on with the thread that should run now; called after every change that may have made another one it.
  @inline(__always)
  public mutating func settle() {
    guard let handover = scheduler.reschedule() else {
      noteSharing()
      return
    }
    noteSharing()
    perform(handover)
  }

  /// The same after the current thread has begun to wait or has ended.
  @inline(__always)
  mutating func leaveCurrent() {
    let handover = scheduler.leaveCurrent()
    noteSharing()
    perform(handover)
  }

  /// Sets the timer for the end of a slice if the current thread has come to share its level.
  @inline(__always)
  public mutating func noteSharing() {
    if !timer.isSliceArmed && scheduler.isSliceLimited { startSlices() }
  }
}
