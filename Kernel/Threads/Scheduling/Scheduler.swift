/// Who runs on one processor, and who runs next.
///
/// The scheduler decides and the architecture switches. Every operation changes queues and returns at once, also
/// those that make the calling thread wait; afterwards the caller asks `reschedule()`, and if that names two
/// threads it saves the one and resumes the other:
///
///     interrupts off
///     let outcome = semaphore.wait(in: &scheduler, until: deadline)      // .blocked: the caller is unlinked
///     if let handover = scheduler.reschedule() { switchContext(handover) }      // returns when it runs again
///     let answer = outcome == .blocked ? me.outcome : outcome
///     interrupts on
///
/// So nothing here knows registers, stacks or interrupts, and host tests run it as it is. On leaving an interrupt
/// handler the same question is asked. Every call must be made with interrupts off on the scheduler's processor,
/// and `yield` only when no switch is due.

import Trace

/// Two threads at a switch.
public struct Handover: BitwiseCopyable {
  /// The thread that ran.
  ///
  /// It may be ended already, but its stack is in use until the switch is done.
  public let from: ThreadReference
  /// The thread that runs now.
  public let to: ThreadReference

  /// Accounts the running time of both, `now` being the tick counter.
  ///
  /// Five instructions: what a thread ran is the sum of the times it stopped at, less the sum of the times it
  /// began at.
  @inline(__always)
  public func account(at now: UInt64) {
    from.fields.runTicks &+= now
    to.fields.runTicks &-= now
  }
}

/// The threads of one processor.
///
/// - Invariant: `current` is the head of the highest level, or a switch is due.
public struct Scheduler: ~Copyable {
  /// The thread that runs.
  public internal(set) var current: ThreadReference
  var ready: ReadyQueues
  var timers = TimerQueue()
  /// What happened last.
  public var trace = TraceRing()
  /// The thread that runs when no other can.
  public let idle: ThreadReference
  /// The timer interrupts that a thread runs before the next of its level has its turn; at least 1.
  public var ticksPerSlice: UInt32
  /// All threads in the order of creation, the idle thread first.
  public private(set) var firstInList: ThreadReference
  private var lastInList: ThreadReference
  /// The number of threads, the idle thread included.
  public private(set) var threadCount = 1
  private var nextIdentifier: UInt32 = 1
  // Ended threads that nobody joins, linked by `next`.
  private var finished: ThreadReference?

  /// The most mutexes in a row of owners that wait for one another.
  public static var maximumChainLength: Int { 64 }

  /// Makes the scheduler of a processor that runs its idle thread now.
  ///
  /// - Parameters:
  ///   - idle: memory for the idle thread's record; the code that runs now becomes this thread.
  ///   - name: its name.
  ///   - ticksPerSlice: the timer interrupts in a time slice.
  ///   - now: the tick counter.
  public init(
    idle: ThreadReference, name: ThreadName = ThreadName("idle"), ticksPerSlice: UInt32 = 1,
    at now: UInt64 = 0
  ) {
    idle.initialize(rank: 0, name: name, identifier: 0)
    idle.fields.runTicks = 0 &- now
    idle.fields.stateCode = .ready
    // Every wait that it tries ends at once with `.cancelled`: it costs no test of its own.
    idle.fields.cancellation = .killed
    self.idle = idle
    current = idle
    ready = ReadyQueues(idle: idle)
    firstInList = idle
    lastInList = idle
    self.ticksPerSlice = max(ticksPerSlice, 1)
    idle.fields.sliceTicks = self.ticksPerSlice
  }

  /// The levels that have a ready thread, one bit each.
  public var readyLevels: UInt32 { ready.bits }

  /// Ends the current thread's turn in its level.
  ///
  /// If there is another thread in it, that one is current now.
  ///
  /// No switch may be due when this is called. The thread's time slice goes on when its next turn comes.
  @inline(__always)
  public mutating func yield() -> Handover? {
    let from = current
    let to = ready.rotate(from)
    if to == from { return nil }
    current = to
    to.fields.switchCount &+= 1
    return Handover(from: from, to: to)
  }

  /// The thread that `yield` would give way to; the current one if it is alone in its level.
  @inline(__always)
  public var nextOfLevel: ThreadReference { current.fields.next }

  /// Gives way to `nextOfLevel`, which must not be the current thread itself.
  @inline(__always)
  public mutating func yield(to next: ThreadReference) -> Handover {
    let from = current
    ready.setHead(ofRank: from.fields.rank, to: next)
    current = next
    next.fields.switchCount &+= 1
    return Handover(from: from, to: next)
  }

  /// Makes the thread current that should run, and says which two threads to switch, if any.
  @inline(__always)
  public mutating func reschedule() -> Handover? {
    let to = ready.first()
    let from = current
    if to == from { return nil }
    current = to
    to.fields.switchCount &+= 1
    return Handover(from: from, to: to)
  }

  /// Makes the thread current that should run, after an operation has made the current one wait or end.
  ///
  /// It is another one then, so there is nothing to ask.
  @inline(__always)
  public mutating func leaveCurrent() -> Handover {
    let to = ready.first()
    let from = current
    assert(to != from)
    current = to
    to.fields.switchCount &+= 1
    return Handover(from: from, to: to)
  }

  /// Whether another thread than the current one should run.
  @inline(__always)
  public mutating func isSwitchDue() -> Bool { ready.first() != current }

  /// Whether a thread more urgent than the current one is ready.
  @inline(__always)
  public var isPreempted: Bool { ready.bits & (0 &- (current.fields.mask << 1)) != 0 }

  /// Whether the current thread shares its level, so that its time slice matters.
  @inline(__always)
  public var isSliceLimited: Bool { current.fields.next != current }

  /// Counts a timer interrupt against the current thread's slice, and ends its turn when the slice is used up.
  @inline(__always)
  public mutating func tick() {
    let thread = current
    let rest = thread.fields.sliceTicks &- 1
    thread.fields.sliceTicks = rest
    if rest != 0 { return }
    thread.fields.sliceTicks = ticksPerSlice
    if ready.head(ofRank: thread.fields.rank) == thread { _ = ready.rotate(thread) }
  }

  /// Lets a thread join the ready ones, last in its level.
  @inline(__always)
  mutating func makeReady(_ thread: ThreadReference) {
    noteWake(thread)
    thread.fields.stateCode = .ready
    ready.append(thread)
  }
}

extension Scheduler {
  /// Makes a thread; it waits to be started.
  ///
  /// - Parameters:
  ///   - thread: memory for its record, which no other thread uses.
  ///   - name: its name.
  ///   - level: how urgent it is.
  ///   - stack: the lowest address of its stack and the bytes in it. The caller sets `stackPointer`.
  ///   - isDetached: whether nobody will join it.
  public mutating func create(
    _ thread: ThreadReference, name: ThreadName, level: PriorityLevel,
    stack: (bottom: UInt, size: UInt) = (0, 0),
    isDetached: Bool = false
  ) {
    thread.initialize(rank: level.rank, name: name, identifier: nextIdentifier)
    nextIdentifier &+= 1
    thread.fields.stackBottom = stack.bottom
    thread.fields.stackSize = stack.size
    thread.fields.isDetached = isDetached
    thread.fields.sliceTicks = ticksPerSlice
    thread.fields.previousInList = lastInList
    lastInList.fields.nextInList = thread
    lastInList = thread
    threadCount += 1
    if trace.isOn { noteCreation(of: thread) }
  }

  /// Gives a thread's record back; its memory and stack are the caller's again.
  ///
  /// - Throws: `.stillInUse` unless it has ended and was joined or detached, and does not run any more;
  ///   `.reclaimed` if it was given back before.
  public mutating func reclaim(_ thread: ThreadReference) throws(SchedulingError) {
    if thread.fields.stateCode == .reclaimed { throw .reclaimed }
    guard thread.fields.stateCode == .exited, thread.fields.isDetached, thread != current else {
      throw .stillInUse
    }
    thread.fields.stateCode = .reclaimed
    let previous = thread.fields.previousInList
    let next = thread.fields.nextInList
    // The idle thread is first for ever, so there is always one before.
    previous?.fields.nextInList = next
    if let next { next.fields.previousInList = previous } else { lastInList = previous ?? idle }
    threadCount -= 1
  }

  /// The next ended thread that nobody joins, to be reclaimed; `nil` if there is none, or the only one is still
  /// on its stack.
  public mutating func takeFinished() -> ThreadReference? {
    guard let thread = finished, thread != current else { return nil }
    let next = thread.fields.next
    finished = next == thread ? nil : next
    return thread
  }

  /// Whether `takeFinished` has something to give.
  @inline(__always)
  public var hasFinished: Bool { finished != nil }

  mutating func noteFinished(_ thread: ThreadReference) {
    thread.fields.next = finished ?? thread
    finished = thread
  }
}

extension ThreadReference {
  /// Writes every field of the record.
  func initialize(rank: UInt8, name: ThreadName, identifier: UInt32) {
    let thread = Thread(
      stackPointer: 0, switchKey: 0, floatingPoint: 0, next: self, previous: self,
      mask: PriorityLevel.mask(ofRank: rank),
      rank: rank,
      baseRank: rank, stateCode: .created, outcomeCode: .satisfied, isLevelHead: true, atWaitEnd: [],
      isDetached: false, cancellation: [], sliceTicks: 0, switchCount: 0, heldMutexCount: 0, runTicks: 0,
      waitQueue: nil, relock: nil, above: nil, below: nil, held: nil, deadline: 0, timerParent: nil,
      timerLeft: nil, timerRight: nil, exchange: 0, joiners: WaitQueue(reason: .join), exitCode: 0,
      nextInList: nil, previousInList: nil, stackBottom: 0, stackSize: 0, identifier: identifier,
      longestWakeTicks: 0, readySince: 0, tag: 0, name: name)
    // SAFETY: `init(at:)` made its caller promise memory for a record, and a record has nothing to deinitialise.
    unsafe record.initialize(to: thread)
  }

  /// The queue of the threads that wait for this one's end.
  var joiners: WaitQueueReference {
    // SAFETY: the queue is part of the record, which stays in place while the thread is not reclaimed, and
    // `reclaim` is refused until the thread has ended, which empties the queue.
    unsafe WaitQueueReference(at: &record.pointee.joiners)
  }

  /// The next thread in the order of creation.
  public var nextInList: ThreadReference? { fields.nextInList }

  /// The ticks that the thread has run, `now` being the tick counter.
  public func runTicks(isCurrent: Bool, at now: UInt64) -> UInt64 {
    isCurrent ? fields.runTicks &+ now : fields.runTicks
  }
}
