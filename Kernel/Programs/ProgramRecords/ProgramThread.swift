/// What the kernel keeps of a thread of a program.

import Arch
import Futex
import Runtime
import Scheduling
import Signals

/// A thread of a process.
public struct ProgramThread: ~Copyable {
  /// What the entries of the kernel and the switch between threads use; it must be first.
  public var context = ProgramContext()
  /// The process it belongs to.
  public private(set) var process: ProcessReference
  /// Its number.
  public var number: Int32
  /// The kernel's thread.
  public var thread: ThreadReference?
  /// Neighbours in the process.
  public var next: ProgramThreadReference?
  /// The neighbour before.
  public var previous: ProgramThreadReference?
  /// Signals that are blocked, that were sent to this thread, and what is blocked again after a wait for signals.
  public var mask: UInt64 = 0
  /// What is blocked again after a wait for signals.
  public var savedMask: UInt64?
  /// Where handlers run that ask for it.
  public var stack = AlternateStack()
  /// Where a zero is written and a waiter woken at the thread's end.
  public var clearAtEnd: UInt = 0
  /// The list of mutexes that must not stay locked.
  public var robustList: UInt = 0
  /// Where it waits: for a word, for a signal, for the end of a stop.
  public var waiter: FutexWaiter
  /// Where it waits.
  public var queue = WaitQueue(reason: .event)
  /// Whether its registers are not what the call found: the fast way back is not for it.
  public var isChanged = false
  /// Whether it is to end alone.
  public var isEnding = false
  /// The moment that an interrupted sleep was to end, to begin it again.
  public var sleepEnd: UInt64 = 0
  /// Where the rest of an interrupted sleep is written.
  public var sleepRemainder: UInt = 0
  /// Signals that were sent to it and not taken; last, as in `Process`.
  public var pending = PendingSignals()

  /// The bytes of a record that a new thread's begins with.
  static var inheritedBytes: Int { MemoryLayout<ProgramThread>.size - MemoryLayout<PendingSignals>.size }

  init(process: ProcessReference, number: Int32) {
    self.process = process
    self.number = number
    waiter = FutexWaiter(thread: 0)
  }

  /// Makes what is a copy of a thread's record that of a new thread, which has the same registers and blocks the same.
  mutating func becomeChild(of process: ProcessReference, number: Int32) {
    self.process = process
    self.number = number
    (thread, next, previous) = (nil, nil, nil)
    pending.removeAll()
    savedMask = nil
    stack = AlternateStack()
    (clearAtEnd, robustList, sleepEnd, sleepRemainder) = (0, 0, 0, 0)
    queue = WaitQueue(reason: .event)
    (isChanged, isEnding) = (false, false)
    context.hasWork = false
    (context.messageAddress, context.messagePlace) = (0, 0)
  }
}

/// A thread of a process, by the place of its record.
@safe public struct ProgramThreadReference: BitwiseCopyable, Equatable {
  let record: UnsafeMutablePointer<ProgramThread>

  init(_ record: UnsafeMutablePointer<ProgramThread>) { unsafe self.record = record }

  /// The record that a thread of the kernel names, or `nil` for the kernel's own.
  @inline(__always)
  public init?(_ thread: ThreadReference) {
    guard let record = unsafe UnsafeMutablePointer<ProgramThread>(bitPattern: thread.fields.tag) else {
      return nil
    }
    unsafe self.record = record
  }

  /// The thread that runs; there must be one of a program.
  @inline(__always)
  public static var current: ProgramThreadReference {
    guard let thread = ProgramThreadReference(Threads.current) else {
      preconditionFailure("a thread of the kernel is not of a program")
    }
    return thread
  }

  /// The thread that the gate names as the loaded one, which is the one that makes a call.
  ///
  /// - Safety: the address must be that of a record that lives.
  @unsafe @inline(__always)
  public init(loaded address: UInt) {
    unsafe record = UnsafeMutablePointer<ProgramThread>(bitPattern: address).unsafelyUnwrapped
  }

  /// The thread whose segments the processor has loaded: in a call, the thread that makes it.
  @inline(__always)
  public static var loaded: ProgramThreadReference {
    let record = unsafe UnsafeMutablePointer<ProgramThread>(bitPattern: Processor.block.gate.task)
    // SAFETY: what is loaded is the record of a thread that lives; no program runs without one, and the ways in have
    // read it already.
    return unsafe ProgramThreadReference(record.unsafelyUnwrapped)
  }

  /// The address of the record.
  public var address: UInt { unsafe UInt(bitPattern: record) }

  /// The record, in place.
  public var fields: ProgramThread {
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

  /// The context, with which the record begins.
  package var context: UnsafeMutablePointer<ProgramContext> {
    // SAFETY: it is the first field.
    unsafe UnsafeMutableRawPointer(record).assumingMemoryBound(to: ProgramContext.self)
  }

  /// Its wait queue.
  public var queue: WaitQueueReference {
    // SAFETY: the queue is part of the record.
    unsafe WaitQueueReference(at: &record.pointee.queue)
  }

  /// Its place in the table of waits at words.
  public var waiter: FutexWaiterReference {
    // SAFETY: the waiter is part of the record, which is given back only after it was removed.
    unsafe FutexWaiterReference(at: &record.pointee.waiter)
  }

  /// Its registers, as the entry into the kernel has left them at the top of its stack.
  @inline(__always)
  public var frame: TrapFrame {
    @inline(__always) unsafeAddress {
      // SAFETY: every entry from ring 3 pushes the frame at the same place, the top of the thread's stack.
      unsafe UnsafePointer<TrapFrame>(
        bitPattern: record.pointee.context.kernelStack - UInt(MemoryLayout<TrapFrame>.size)
      ).unsafelyUnwrapped
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      // SAFETY: as above.
      unsafe UnsafeMutablePointer<TrapFrame>(
        bitPattern: record.pointee.context.kernelStack - UInt(MemoryLayout<TrapFrame>.size)
      ).unsafelyUnwrapped
    }
  }
}
