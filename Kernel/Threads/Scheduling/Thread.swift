/// The record of a thread, and the reference by which everything names it.
///
/// A record lies in memory that the caller of `Scheduler.create` provides and never moves: queues are linked
/// through it. It carries every link that any queue needs, so nothing that a thread can do allocates or runs out.

/// A thread's record.
///
/// The first word is the saved stack pointer, for the code that switches stacks.
///
/// - Invariant: outside all queues `next` and `previous` are the thread itself, `above` and `below` nobody, and
///   `isLevelHead` is set, so that entering an empty queue writes none of them. `mask` has the bit of `rank`; `rank` is that of the base level or of the most urgent thread that
///   waits for a mutex this thread holds, whichever is higher.
public struct Thread: BitwiseCopyable {
  /// Where the thread's registers lie on its stack while it does not run.
  ///
  /// Belongs to the architecture's switch.
  public var stackPointer: UInt

  /// What the switch compares: the address space, and in bit 0 whether the thread carries more than a stack.
  ///
  /// Threads of one space change places without touching the page tables; one that carries more differs from all that
  /// do not, so that looking for it costs a switch nothing.
  public var switchKey: UInt

  /// Where its floating-point state lies, or 0 if it has none.
  public var floatingPoint: UInt

  // The ring of a ready level or of one level of a wait queue; alone, it points to itself.
  var next: ThreadReference
  var previous: ThreadReference

  // The level at which it is queued, as a rank and as a bit of the set of ready levels.
  var mask: UInt32
  var rank: UInt8
  var baseRank: UInt8
  var stateCode: ThreadState
  var outcomeCode: WaitOutcome

  // Whether this is the first thread of its level in a wait queue, and so carries `above` and `below`.
  var isLevelHead: Bool
  // What the end of its wait must see to; nothing in the usual case, which is then one test.
  var atWaitEnd: WaitEndDuties
  var isDetached: Bool
  var cancellation: Cancellation
  // Timer interrupts that its time slice still has.
  var sliceTicks: UInt32

  /// How often the thread was switched to.
  public internal(set) var switchCount: UInt32
  /// How many mutexes the thread holds.
  public internal(set) var heldMutexCount: UInt32

  /// The time in ticks that the thread has run; while it runs, less the time at which it began to (so it wraps).
  var runTicks: UInt64

  // The wait queue it is in, and the mutex that it must hold again before its wait is over.
  var waitQueue: WaitQueueReference?
  var relock: WaitQueueReference?
  // Neighbours in a wait queue's list of levels; set in level heads only.
  var above: ThreadReference?
  var below: ThreadReference?
  // The mutexes it holds, newest first.
  var held: WaitQueueReference?

  // Its node in the timer queue.
  var deadline: UInt64
  var timerParent: ThreadReference?
  var timerLeft: ThreadReference?
  var timerRight: ThreadReference?

  /// A word for whoever completes a wait: the value of a message, the place of a buffer.
  public var exchange: UInt

  // Who waits for its end.
  var joiners: WaitQueue
  /// What the thread ended with; valid once it has exited.
  public internal(set) var exitCode: UInt

  // All threads of the processor, in the order of creation.
  var nextInList: ThreadReference?
  var previousInList: ThreadReference?

  /// The lowest address of the stack.
  public internal(set) var stackBottom: UInt
  /// The bytes of the stack, counted up from `stackBottom`.
  public internal(set) var stackSize: UInt
  /// The thread's number, never used twice before 2^32 threads were made.
  public internal(set) var identifier: UInt32
  /// The longest time in ticks from a wake-up to running, where the architecture measures it.
  public var longestWakeTicks: UInt32
  /// When the thread was last made ready, low 32 bits of the tick counter, where the architecture measures it.
  public var readySince: UInt32
  /// A word for the owner of the record: the address of what a program's thread has besides, 0 for the kernel's own.
  public var tag: UInt
  /// The thread's name.
  public var name: ThreadName
}

extension Thread {
  /// The address space it runs in, as the architecture names it; bit 0 is not the name's.
  @inline(__always)
  public var space: UInt {
    get { switchKey & ~1 }
    set { switchKey = newValue & ~1 | switchKey & 1 }
  }

  /// Whether a switch to or from it has more to do than to change stack and space.
  @inline(__always)
  public var carriesMore: Bool {
    get { switchKey & 1 != 0 }
    set { switchKey = switchKey & ~1 | (newValue ? 1 : 0) }
  }
}

/// What is to do when a wait ends, besides leaving the queue.
struct WaitEndDuties: OptionSet, BitwiseCopyable {
  var rawValue: UInt8
  /// It has a deadline: leave the timer queue.
  static let leaveTimers = WaitEndDuties(rawValue: 1)
  /// It waited with a condition: hold the mutex in `relock` again.
  static let takeMutexBack = WaitEndDuties(rawValue: 2)
}

/// What other threads asked of a thread.
struct Cancellation: OptionSet, BitwiseCopyable {
  var rawValue: UInt8
  /// The next wait that can be cancelled ends at once, and the request with it.
  static let once = Cancellation(rawValue: 1)
  /// Every wait that can be cancelled ends at once: the thread shall end.
  static let killed = Cancellation(rawValue: 2)
  /// Waits are not cancelled for now: the thread cleans up.
  static let masked = Cancellation(rawValue: 4)

  /// Whether a wait that begins now ends at once.
  @inline(__always)
  var isDue: Bool {
    // 1, 2 and 3: something is asked and nothing masks it. One comparison.
    rawValue &- 1 < 3
  }
}

/// A thread, by the place of its record.
///
/// One word; optional, still one word.
///
/// Safe to use because a record is only given back by `Scheduler.reclaim`, which refuses while any queue links to
/// it, and whoever provides the memory of records promises at `init(at:)` that it stays mapped.
@safe public struct ThreadReference: BitwiseCopyable, Equatable {
  let record: UnsafeMutablePointer<Thread>

  /// Takes memory for a thread's record.
  ///
  /// - Safety: the memory must be writable, aligned for `Thread`, `MemoryLayout<Thread>.size` bytes long, stay so
  ///   as long as the reference is used, and be used through references only. Its contents do not matter yet:
  ///   `Scheduler.create` writes all of it.
  @unsafe public init(at record: UnsafeMutablePointer<Thread>) { unsafe self.record = record }

  /// The address of the record, whose first word is the saved stack pointer.
  @inline(__always)
  public var address: UInt { unsafe UInt(bitPattern: record) }

  /// Whether both are the same thread.
  @inline(__always)
  public static func == (lhs: Self, rhs: Self) -> Bool { unsafe lhs.record == rhs.record }

  /// The record, in place.
  ///
  /// What other modules may change there is `public`.
  public var fields: Thread {
    @inline(__always) unsafeAddress {
      // SAFETY: `init(at:)` made its caller promise that the record is there.
      unsafe UnsafePointer(record)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      // SAFETY: `init(at:)` made its caller promise that the record is there and writable.
      unsafe record
    }
  }
}

extension ThreadReference {
  /// The level the thread is queued at: its own, or a higher one that it inherited.
  public var level: PriorityLevel { PriorityLevel(rank: max(fields.rank, 1)) }
  /// The level that was set for the thread.
  public var baseLevel: PriorityLevel { PriorityLevel(rank: max(fields.baseRank, 1)) }
  /// Whether this is a processor's idle thread, which is below all levels.
  public var isIdle: Bool { fields.rank == 0 }
  /// Where the thread is in its life.
  public var state: ThreadState { fields.stateCode }
  /// How its last wait ended.
  @inline(__always)
  public var outcome: WaitOutcome { fields.outcomeCode }
  /// What it waits for, or `nil` if it does not wait.
  public var waitReason: WaitReason? {
    guard fields.stateCode == .waiting else { return nil }
    return fields.waitQueue?.fields.reason ?? .sleep
  }
  /// When its wait ends at the latest, in ticks, or `nil` without a limit.
  public var deadline: UInt64? { fields.atWaitEnd.contains(.leaveTimers) ? fields.deadline : nil }
  /// Whether somebody asked it to end.
  public var isKilled: Bool { fields.cancellation.contains(.killed) }
  /// Whether nobody will join it.
  public var isDetached: Bool { fields.isDetached }
}
