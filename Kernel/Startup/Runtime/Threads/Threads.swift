/// What kernel code does with threads.
///
/// Every function here is for threads with interrupts on, and leaves them on. An interrupt handler uses the scheduler
/// itself (`NodeReference().node.threads.scheduler`): who runs next is asked when the handler returns.

import Arch
import Base
import CMachine
import Log
import Scheduling
import Trace

/// What a thread runs: it gets the argument that it was made with, and what it returns is its exit code.
public typealias ThreadBody = @convention(c) (UInt) -> UInt

/// Threads of this processor.
public enum Threads {
  /// The thread that runs.
  @inline(__always)
  public static var current: ThreadReference { NodeReference().node.threads.scheduler.current }

  /// Lets the next thread of the same level run.
  @inline(__always)
  public static func yield() {
    let reference = NodeReference()
    cpu_cli()
    if let handover = reference.node.threads.scheduler.yield() { reference.node.threads.perform(handover) }
    cpu_sti()
  }

  /// Makes a thread and starts it; if it is more urgent than the caller, it runs at once.
  ///
  /// - Parameters:
  ///   - name: up to 16 bytes.
  ///   - level: how urgent it is.
  ///   - argument: what `body` gets.
  ///   - isDetached: whether nobody will join it.
  ///   - space: the page tables it runs with, or 0 for those in use.
  ///   - body: what it runs.
  /// - Throws: when there is no stack for it.
  @discardableResult
  @export(interface)
  public static func create(
    _ name: ThreadName, level: PriorityLevel, argument: UInt = 0, isDetached: Bool = false, space: UInt = 0,
    _ body: ThreadBody
  ) throws(ThreadError) -> ThreadReference {
    cpu_cli()
    defer { cpu_sti() }
    let reference = NodeReference()
    if reference.node.threads.scheduler.hasFinished { reap() }
    let bottom = try reference.node.threads.stacks.take()
    let thread = reference.node.threads.prepare(
      bottom, name, level, argument, isDetached, space == 0 ? cpu_read_cr3() : space, body)
    do { try reference.node.threads.scheduler.start(thread) } catch {
      preconditionFailure("a thread that was just made could not be started")
    }
    reference.node.threads.settle()
    return thread
  }

  /// Makes a thread that begins in a program, and starts it; called with interrupts off, which they stay.
  ///
  /// - Parameters:
  ///   - name: up to 16 bytes.
  ///   - level: how urgent it is; no more than the caller, who goes on.
  ///   - space: the page tables it runs with.
  ///   - registers: what it begins with.
  ///   - record: the address of its record, which begins with a `ProgramContext`; where the kernel's stack begins is
  ///     written there.
  /// - Throws: when there is no stack for it.
  @export(interface)
  public static func createProgram(
    _ name: ThreadName, level: PriorityLevel, space: UInt, registers: UnsafePointer<TrapFrame>,
    record: UnsafeMutablePointer<ProgramContext>
  ) throws(ThreadError) -> ThreadReference {
    let reference = NodeReference()
    if reference.node.threads.scheduler.hasFinished { reap() }
    let bottom = try reference.node.threads.stacks.take()
    let thread = reference.node.threads.prepareProgram(bottom, name, level, space, unsafe registers.pointee)
    #if arch(i386)
      unsafe record.pointee.kernelStack = thread.address - 128
    #else
      unsafe record.pointee.kernelStack = thread.address
    #endif
    thread.fields.tag = UInt(bitPattern: record)
    carryMore(thread)
    do { try reference.node.threads.scheduler.start(thread) } catch {
      preconditionFailure("a thread that was just made could not be started")
    }
    reference.node.threads.noteSharing()
    return thread
  }

  /// Ends the running thread.
  public static func exit(code: UInt) -> Never {
    let reference = NodeReference()
    cpu_cli()
    if current.fields.floatingPoint != 0 { releaseFloatingPoint(of: current) }
    do { try reference.node.threads.scheduler.exit(code: code) } catch { panic("the idle thread ended") }
    reference.node.threads.leaveCurrent()
    preconditionFailure("a thread ran after its end")
  }

  /// Waits for a thread's end and gives back what it had.
  ///
  /// - Parameters:
  ///   - thread: a thread that nobody else joins.
  ///   - nanoseconds: when to give up, or `nil` to wait however long it takes.
  /// - Returns: how the wait ended, and if `.satisfied` the thread's exit code; the thread is no more then.
  /// - Throws: see `Scheduler.join`.
  public static func join(
    _ thread: ThreadReference, nanoseconds: UInt64? = nil
  ) throws(SchedulingError) -> (outcome: WaitOutcome, code: UInt) {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    var outcome = try reference.node.threads.scheduler.join(thread, until: deadline(nanoseconds))
    if outcome == .blocked { outcome = reference.node.threads.waitForOutcome(isTimed: nanoseconds != nil) }
    guard outcome == .satisfied else { return (outcome, 0) }
    let code = thread.fields.exitCode
    let bottom = thread.fields.stackBottom
    try reference.node.threads.scheduler.reclaim(thread)
    reference.node.threads.stacks.give(bottom)
    return (outcome, code)
  }

  /// Lets a thread give back what it has when it ends, without being joined.
  @export(interface)
  public static func detach(_ thread: ThreadReference) throws(SchedulingError) {
    cpu_cli()
    defer { cpu_sti() }
    try NodeReference().node.threads.scheduler.detach(thread)
  }

  /// Asks a thread to end: its waits are cancelled from now on.
  @export(interface)
  public static func kill(_ thread: ThreadReference) throws(SchedulingError) {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    try reference.node.threads.scheduler.kill(thread)
    reference.node.threads.settle()
  }

  /// Ends the wait that a thread is in, or its next one.
  public static func cancelWait(of thread: ThreadReference) throws(SchedulingError) {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    try reference.node.threads.scheduler.cancelWait(of: thread)
    reference.node.threads.settle()
  }

  /// Makes a thread more or less urgent.
  @export(interface)
  public static func setLevel(of thread: ThreadReference, to level: PriorityLevel) throws(SchedulingError) {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    _ = try reference.node.threads.scheduler.setLevel(of: thread, to: level)
    reference.node.threads.settle()
  }

  /// Sleeps for at least that long.
  ///
  /// - Returns: `.timedOut` when the time is over, `.cancelled` if somebody ended the sleep.
  @discardableResult
  public static func sleep(nanoseconds: UInt64) throws(SchedulingError) -> WaitOutcome {
    try sleep(until: deadline(nanoseconds))
  }

  /// Sleeps until the time stamp counter has reached `tick`.
  @discardableResult
  public static func sleep(until tick: UInt64) throws(SchedulingError) -> WaitOutcome {
    let reference = NodeReference()
    cpu_cli()
    defer { cpu_sti() }
    let outcome = try reference.node.threads.scheduler.sleep(until: tick)
    return outcome == .blocked ? reference.node.threads.waitForOutcome(isTimed: true) : outcome
  }

  /// The tick that lies `nanoseconds` from now; `UInt64.max`, which is never, for `nil`.
  @inline(__always)
  public static func deadline(_ nanoseconds: UInt64?) -> UInt64 {
    guard let nanoseconds else { return .max }
    return deadline(after: nanoseconds)
  }

  @export(interface)
  static func deadline(after nanoseconds: UInt64) -> UInt64 {
    if nanoseconds == 0 { return 0 }
    return NodeReference().node.threads.timer.rate.deadline(nanoseconds: nanoseconds, after: cpu_rdtsc())
  }

  /// Runs other threads whenever there are any, and waits for interrupts otherwise.
  ///
  /// For the idle thread.
  @export(interface)
  public static func idle() -> Never {
    let reference = NodeReference()
    while true {
      cpu_cli()
      if reference.node.threads.scheduler.hasFinished { reap() }
      reference.node.threads.settle()
      if let work = reference.node.idleWork, work() {
        // Interrupts are taken after the instruction that follows sti.
        cpu_sti()
        cpu_pause()
        continue
      }
      Processor.waitForInterrupt()
    }
  }

  /// Gives the frames of unused stacks back.
  @export(interface)
  public static func trim() {
    cpu_cli()
    reap()
    NodeReference().node.threads.stacks.trim()
    cpu_sti()
  }

  /// Takes back what detached threads had.
  @inline(never)
  @export(interface)
  static func reap() {
    let reference = NodeReference()
    while let thread = reference.node.threads.scheduler.takeFinished() {
      let bottom = thread.fields.stackBottom
      do { try reference.node.threads.scheduler.reclaim(thread) } catch { return }
      reference.node.threads.stacks.give(bottom)
    }
  }
}

extension ThreadSystem {
  /// Goes on with other threads until the current one's wait is over; says how it ended.
  @inline(__always)
  public mutating func waitForOutcome(isTimed: Bool) -> WaitOutcome {
    let thread = scheduler.current
    if isTimed { armForDeadline() }
    leaveCurrent()
    return thread.outcome
  }

  /// Makes a thread on a stack that begins by returning into a program.
  func prepareProgram(
    _ bottom: UInt, _ name: ThreadName, _ level: PriorityLevel, _ space: UInt, _ registers: TrapFrame
  ) -> ThreadReference {
    let reference = NodeReference()
    let thread = reference.node.threads.prepare(
      bottom, name, level, 0, true, space, { _ in preconditionFailure("a program's thread has no body") })
    #if arch(i386)
      let start = thread.address - 128
    #else
      let start = thread.address
    #endif
    let frame = start - UInt(MemoryLayout<TrapFrame>.size)
    guard let place = unsafe UnsafeMutablePointer<TrapFrame>(bitPattern: frame) else { return thread }
    // SAFETY: the frame lies at the top of the new thread's stack, which nobody uses yet.
    unsafe place.initialize(to: registers)
    StackPool.setWord(at: frame - UInt(MemoryLayout<UInt>.size), to: symbol_interrupt_return())
    thread.fields.stackPointer = frame - UInt(MemoryLayout<UInt>.size)
    return thread
  }

  /// Makes a thread on a stack.
  @inline(__always)
  mutating func prepare(
    _ bottom: UInt, _ name: ThreadName, _ level: PriorityLevel, _ argument: UInt, _ isDetached: Bool,
    _ space: UInt,
    _ body: ThreadBody
  ) -> ThreadReference {
    let top = (bottom + StackPool.stackSize - UInt(MemoryLayout<Thread>.size)) & ~63
    // SAFETY: the top of the stack is kept for the record: below it begins what the thread uses, and the stack is
    // not given away before the record is reclaimed.
    let thread = unsafe ThreadReference(at: UnsafeMutablePointer<Thread>(bitPattern: top).unsafelyUnwrapped)
    let word = UInt(MemoryLayout<UInt>.size)
    #if arch(i386)
      let start = top - 128  // where the thread's task-state segment ends
    #else
      let start = top
    #endif
    scheduler.create(
      thread, name: name, level: level, stack: (bottom, start - bottom), isDetached: isDetached)
    thread.fields.space = space
    // What thread_start and the switch before it find on the stack.
    // SAFETY: a function pointer is a word.
    StackPool.setWord(at: start - 2 * word, to: argument)
    StackPool.setWord(at: start - 3 * word, to: unsafe unsafeBitCast(body, to: UInt.self))
    StackPool.setWord(at: start - 4 * word, to: symbol_thread_start())
    thread.fields.stackPointer = start - 4 * word
    #if arch(i386)
      if switchesByHardware { prepareTask(of: thread) }
    #endif
    return thread
  }
}

/// Called by thread_start of Kernel/Machine/Arch/*/ContextSwitch.asm, on the new thread's stack, with interrupts off.
@c(thread_main)
func threadMain(_ body: ThreadBody, _ argument: UInt) -> Never {
  cpu_sti()
  Threads.exit(code: body(argument))
}
