/// What the kernel keeps of a process and of each of its threads.
///
///     Process 5 ──▶ thread 5 ⇄ thread 6          A process has files, signals' actions and an address space; what runs
///       │                                          is its threads, each a thread of the kernel whose record names it.
///       └─▶ address space ◀── Process 7            After vfork two processes share a space until one runs another
///                                                  program.
///
/// Records lie in the kernel's heap and never move. All of it is touched only with interrupts off: a call gives way
/// only where it waits.

import Arch
import Clocks
import LinuxABI
import Processes
import Runtime
import Scheduling
import Signals
import VirtualFileSystem

/// A process.
public struct Process: ~Copyable {
  /// Its number.
  public private(set) var number: Int32
  /// Which interface its program uses.
  public var abi: ProgramABI
  /// Its address space.
  public var space: SpaceReference
  /// Its descriptors and its place in the tree of files.
  public var files: FilesIndex
  /// Its place in the tree of files.
  public var place: PlaceIndex
  /// Who it acts for.
  public var credentials = Credentials.superuser
  /// What it may have.
  public var limits = ResourceLimits()
  /// Its threads.
  public var firstThread: ProgramThreadReference?
  /// How many threads it has.
  public var threadCount = 0
  /// Its program's file.
  public var executable = FileNode(rawValue: .max)
  /// The last component of its program's path.
  public var name: InlineArray<16, UInt8> = .init(repeating: 0)
  /// Set once it is to end: how.
  public var ending: ExitStatus?
  /// Whether its threads are to stop.
  public var isStopped = false
  /// ITIMER_REAL, by the clock since start-up.
  public var realTimer = IntervalSetting()
  /// ITIMER_VIRTUAL and ITIMER_PROF, by the processor time of the process.
  public var virtualTimer = IntervalSetting()
  /// ITIMER_PROF; all time is the user's, so both run alike.
  public var profilingTimer = IntervalSetting()
  /// The table of the timers that it has made, or 0.
  public var timers: UInt = 0
  /// The processor time in nanoseconds at which RLIMIT_CPU is looked at next, or `UInt64.max`.
  public var processorLimit = UInt64.max
  /// The ticks that ended threads have run, and the tick at which it began.
  public var endedTicks: UInt64 = 0
  /// The tick at which it began.
  public var startTick: UInt64
  /// Who waits until it has another space: its parent after vfork.
  public var released = WaitQueue(reason: .event)
  /// Whether its space is its parent's, who waits.
  public var isBorrowing = false
  /// Where its threads wait for children.
  public var children = WaitQueue(reason: .event)
  /// Where its arguments and environment lie, for /proc.
  public var arguments: (start: UInt, end: UInt) = (0, 0)
  /// The signal that it wants at its parent's end, PR_SET_PDEATHSIG.
  public var deathSignal: Int32 = 0
  /// Nice value, which is remembered.
  public var niceness: Int32 = 0
  /// The program's personality, which is remembered.
  public var personality: UInt32 = 0
  /// What its calls cost, if that is recorded.
  public var profile: UInt = 0
  /// Calls that it made and that are not performed.
  public var unknownCalls: UInt32 = 0
  // The last two, because a child has none of the one and mostly nothing in the table with which the other ends: see
  // `inheritedBytes`.
  /// What it does about signals.
  public var actions = SignalActions()
  /// Signals that were sent to it as a whole and not taken.
  public var pending = PendingSignals()

  init(
    number: Int32, abi: ProgramABI, space: SpaceReference, files: FilesIndex, place: PlaceIndex,
    startTick: UInt64
  ) {
    self.number = number
    self.abi = abi
    self.space = space
    self.files = files
    self.place = place
    self.startTick = startTick
  }

  /// The bytes of a record that a child's begins with; of the rest nothing is looked at before `becomeChild`, or at all.
  var inheritedBytes: Int {
    mutating get {
      let bytes = MemoryLayout<Process>.size - MemoryLayout<PendingSignals>.size
      return actions.hasTable ? bytes : bytes - SignalActions.tableBytes
    }
  }

  /// Makes what is a copy of a process's record that of its child, which has the same but what is the process's own.
  mutating func becomeChild(
    number: Int32, space: SpaceReference, files: FilesIndex, place: PlaceIndex, startTick: UInt64
  ) {
    self.number = number
    self.space = space
    self.files = files
    self.place = place
    self.startTick = startTick
    pending.removeAll()
    (firstThread, threadCount) = (nil, 0)
    (ending, isStopped, isBorrowing) = (nil, false, false)
    (realTimer, virtualTimer, profilingTimer) = (IntervalSetting(), IntervalSetting(), IntervalSetting())
    (timers, processorLimit) = (0, .max)
    (endedTicks, profile, unknownCalls, deathSignal) = (0, 0, 0, 0)
    released = WaitQueue(reason: .event)
    children = WaitQueue(reason: .event)
  }
}

/// A process, by the place of its record.
///
/// Safe to use because a record is given back only when its last thread has ended and the table names it no more.
@safe public struct ProcessReference: BitwiseCopyable, Equatable {
  let record: UnsafeMutablePointer<Process>

  init(_ record: UnsafeMutablePointer<Process>) { unsafe self.record = record }

  /// The process with a payload of the table; `nil` for that of one that has ended.
  public init?(payload: UInt) {
    guard let record = unsafe UnsafeMutablePointer<Process>(bitPattern: payload) else { return nil }
    unsafe self.record = record
  }

  /// Its word in the table.
  public var payload: UInt { unsafe UInt(bitPattern: record) }

  /// The record, in place.
  public var fields: Process {
    @inline(__always) unsafeAddress {
      // SAFETY: the record lives while anything refers to it.
      unsafe UnsafePointer(record)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      // SAFETY: as above.
      unsafe record
    }
  }

  /// Whether both name the same record.
  public static func == (lhs: Self, rhs: Self) -> Bool { unsafe lhs.record == rhs.record }

  /// The queue of those who wait for children.
  public var children: WaitQueueReference {
    // SAFETY: the queue is part of the record.
    unsafe WaitQueueReference(at: &record.pointee.children)
  }

  /// The queue of those who wait for it to give its borrowed space back.
  public var released: WaitQueueReference {
    // SAFETY: the queue is part of the record.
    unsafe WaitQueueReference(at: &record.pointee.released)
  }
}
