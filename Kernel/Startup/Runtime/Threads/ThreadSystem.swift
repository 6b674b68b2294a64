/// The threads of one processor: who runs, what is recorded, where stacks come from, when the timer is due.

import Arch
import Base
import CMachine
import Scheduling
import Sync
import Trace

/// What a switch is more than a change of stacks and of address spaces.
struct SwitchDuties: OptionSet, BitwiseCopyable {
  var rawValue: UInt8
  /// It is recorded.
  static let trace = SwitchDuties(rawValue: 1)
  /// The processor's tasks do it.
  static let hardware = SwitchDuties(rawValue: 2)
  /// The thread that runs carries more than its stack.
  static let leaveBelongings = SwitchDuties(rawValue: 4)
}

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
  // What a switch is more than a change of stacks.
  private var duties: SwitchDuties = [] {
    didSet { plainKey = duties.isEmpty ? scheduler.current.fields.switchKey : Self.nobodysKey }
  }
  // The key of the threads that can be switched to by changing stacks and no more: that of the thread that runs, or
  // nobody's while there are duties. One comparison for recording, programs, the hardware's way and other spaces.
  private var plainKey = Self.nobodysKey
  // No thread carries more without having a space.
  private static var nobodysKey: UInt { 1 }
  /// Whose floating-point state the registers hold.
  package var floatingPoint = FloatingPointSystem()
  /// Stacks for threads.
  var stacks = StackPool()
  #if arch(i386)
    /// Whether threads are switched by the processor's tasks.
    public var switchesByHardware = false {
      didSet { if switchesByHardware { duties.insert(.hardware) } else { duties.remove(.hardware) } }
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
  public mutating func perform(_ handover: Handover, _ cause: SwitchCause = .turn) {
    perform(handover, cause, at: cpu_rdtsc())
  }

  /// The same, when the tick counter has just been read.
  @inline(__always)
  mutating func perform(_ handover: Handover, _ cause: SwitchCause = .turn, at now: UInt64) {
    handover.account(at: now)
    let key = handover.to.fields.switchKey
    if key != plainKey {
      if _slowPath(duties.rawValue != 0 || handover.to.fields.carriesMore) {
        if duties == .trace, !handover.to.fields.carriesMore {
          scheduler.noteSwitch(handover, cause, at: now)
          if key != handover.from.fields.switchKey { cpu_write_cr3(key) }
        } else if prepareSpecially(handover, cause) {
          return
        }
      } else {
        // Here the key is the space alone.
        plainKey = key
        cpu_write_cr3(key)
      }
    }
    cpu_switch_stack(handover.from.address, handover.to.address)
  }

  /// Whether a switch to a thread is a change of stacks and no more.
  @inline(__always)
  func isPlain(_ thread: ThreadReference) -> Bool { thread.fields.switchKey == plainKey }

  /// A switch that is recorded, or done by the processor's tasks, or of a thread that carries more than its stack: all
  /// of it but the change of stacks.
  ///
  /// It reads the counter itself: kept for it, the reading would cost every other switch a register.
  ///
  /// - Returns: whether the processor has changed the stacks, too.
  @inline(never)
  private mutating func prepareSpecially(_ handover: Handover, _ cause: SwitchCause) -> Bool {
    if moveBetweenPrograms(handover) { return false }
    return prepareRarely(handover, cause)
  }

  /// From one program's thread to another's: what there is to do at the next switch stays the same.
  ///
  /// - Returns: `false` if it is another kind of switch, and nothing was done.
  @inline(__always)
  private mutating func moveBetweenPrograms(_ handover: Handover) -> Bool {
    let program = handover.to.fields.tag
    guard duties == .leaveBelongings else { return false }
    guard program != 0 else { return false }
    guard handover.to.fields.carriesMore else { return false }
    let state = handover.from.fields.floatingPoint
    // Who ends has none any more.
    if state != 0, floatingPoint.isPassed(by: state) {
      floatingPoint.pass(from: state, to: handover.to.fields.floatingPoint)
    } else {
      floatingPoint.change(from: state, to: handover.to.fields.floatingPoint)
    }
    Processor.load(program: program)
    changeSpace(handover)
    return true
  }

  /// Between two threads that both carry more: the keys differ if the spaces do.
  @inline(__always)
  private func changeSpace(_ handover: Handover) {
    let key = handover.to.fields.switchKey
    if key != handover.from.fields.switchKey { cpu_write_cr3(key & ~1) }
  }

  /// Goes on with another thread after a program's thread has begun to wait; mostly that is a program's, too.
  @inline(__always)
  public mutating func leaveProgram() {
    let handover = scheduler.leaveCurrent()
    noteSharing()
    guard moveBetweenPrograms(handover) else {
      performOut(handover)
      return
    }
    handover.account(at: cpu_rdtsc())
    cpu_switch_stack(handover.from.address, handover.to.address)
  }

  @inline(never)
  private mutating func performOut(_ handover: Handover) { perform(handover, .wait) }

  @inline(never)
  private mutating func prepareRarely(_ handover: Handover, _ cause: SwitchCause) -> Bool {
    if scheduler.trace.isOn { scheduler.noteSwitch(handover, cause, at: cpu_rdtsc()) }
    if duties.contains(.leaveBelongings) || handover.to.fields.carriesMore { moveBelongings(handover) }
    #if arch(i386)
      if switchesByHardware {
        jump(to: handover.to)
        // Every jump closes the registers.
        floatingPoint.open(ifHolding: handover.from.fields.floatingPoint)
        return true
      }
    #endif
    let space = handover.to.fields.space
    if space != handover.from.fields.space { cpu_write_cr3(space) }
    return false
  }

  /// Whether a switch between two programs' threads, of which one runs and so has a state of its own, is no more than `pass`
  /// does.
  @inline(__always)
  public var passesPlainly: Bool {
    duties == .leaveBelongings && floatingPoint.isPassed(by: scheduler.current.fields.floatingPoint)
  }

  /// Goes on with another program's thread that takes the place of the current one in its level.
  ///
  /// The shortest way, if `passesPlainly`; nobody has come to share a level.
  @inline(__always)
  public mutating func pass(_ handover: Handover) {
    floatingPoint.pass(from: handover.from.fields.floatingPoint, to: handover.to.fields.floatingPoint)
    // Who makes a call is loaded.
    Processor.load(program: handover.to.fields.tag, after: handover.from.fields.tag)
    changeSpace(handover)
    handover.account(at: cpu_rdtsc())
    cpu_switch_stack(handover.from.address, handover.to.address)
  }

  /// What threads carry besides their stack: it is brought before the stacks change, since the kernel does not use it.
  private mutating func moveBelongings(_ handover: Handover) {
    noteBelongings(of: handover.to)
    floatingPoint.change(from: handover.from.fields.floatingPoint, to: handover.to.fields.floatingPoint)
    let program = handover.to.fields.tag
    if program != 0 { Processor.load(program: program) }
  }

  /// Notes whether a switch away from a thread, which runs now or next, has belongings to move.
  mutating func noteBelongings(of thread: ThreadReference) {
    if thread.fields.carriesMore { duties.insert(.leaveBelongings) } else { duties.remove(.leaveBelongings) }
  }

  /// Sees to it that switches are recorded while the trace is on; called after it was turned on or off.
  package mutating func noteTrace() {
    if scheduler.trace.isOn { duties.insert(.trace) } else { duties.remove(.trace) }
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
    perform(handover, .wait)
  }

  /// Sets the timer for the end of a slice if the current thread has come to share its level.
  @inline(__always)
  public mutating func noteSharing() {
    if !timer.isSliceArmed && scheduler.isSliceLimited { startSlices() }
  }
}
