/// What the kernel keeps of programs, and the way to it.
///
/// This module has the records: processes, their threads and address spaces, words at which threads wait, what calls
/// cost. It protects how long a record lives: nobody else makes one or gives one back, and a record is given back only
/// when no table, queue or thread names it. It knows no reason for what happens to a program: signals
/// (`ProgramSignals`), files (`ProgramFiles`), beginnings and ends (`ProgramLife`) are other modules', which stand on
/// this one in that order.

import Arch
import CMachine
import Processes
import Runtime
import Scheduling

/// The programs of this node; `start` must have been called.
@safe public struct Programs {
  private let pointer: UnsafeMutablePointer<ProgramSystem>

  /// Refers to the system.
  @inline(__always)
  public init() {
    guard let pointer = unsafe UnsafeMutablePointer<ProgramSystem>(bitPattern: NodeReference().node.programs)
    else { preconditionFailure("there are no programs yet") }
    unsafe self.pointer = pointer
  }

  /// The system, in place.
  @inline(__always)
  public var system: ProgramSystem {
    unsafeAddress {
      // SAFETY: the record was made at start-up and stays for ever.
      unsafe UnsafePointer(pointer)
    }
    nonmutating unsafeMutableAddress {
      // SAFETY: as above.
      unsafe pointer
    }
  }

  /// Makes room for programs; once, with interrupts on.
  @export(interface)
  public static func start(channelCount: Int) {
    let memory = KernelHeap.allocate(ProcessTable.byteCount(capacity: ProgramSystem.capacity))
    let record = KernelHeap.allocate(MemoryLayout<ProgramSystem>.size)
    let queues = KernelHeap.allocate(MemoryLayout<WaitQueue>.stride * (channelCount + 1))
    guard let table = unsafe UnsafeMutableRawPointer(bitPattern: memory.rawValue),
      let place = unsafe UnsafeMutablePointer<ProgramSystem>(bitPattern: record.rawValue),
      let channels = unsafe UnsafeMutablePointer<WaitQueue>(bitPattern: queues.rawValue)
    else { return }
    // SAFETY: the heap has just given the memory, aligned to 16, and it is kept for ever.
    unsafe channels.initialize(repeating: WaitQueue(reason: .event), count: channelCount + 1)
    unsafe place.initialize(
      to: ProgramSystem(
        processes: ProcessTable(memory: table, capacity: ProgramSystem.capacity), channels: channels,
        channelCount: channelCount))
    NodeReference().node.programs = record.rawValue
  }

  /// Where the thread of timers waits.
  package var alarms: WaitQueueReference {
    // SAFETY: the queue is part of the record, which stays for ever.
    unsafe WaitQueueReference(at: &pointer.pointee.alarms)
  }

  // MARK: - Time

  /// Nanoseconds since start-up.
  @inline(__always)
  public var uptime: UInt64 { nanoseconds(ofTicks: cpu_rdtsc() &- NodeReference().node.clock.start) }

  /// Nanoseconds of so many ticks.
  public func nanoseconds(ofTicks ticks: UInt64) -> UInt64 {
    NodeReference().node.threads.timer.rate.nanoseconds(fromTicks: ticks)
  }

  /// Nanoseconds since 1970.
  public var timeOfDay: UInt64 { system.startTime &+ uptime }

  /// The tick at which the clock since start-up will have so many nanoseconds.
  public func tick(atUptime nanoseconds: UInt64) -> UInt64 {
    if nanoseconds == .max { return .max }
    let now = uptime
    return Threads.deadline(nanoseconds > now ? nanoseconds - now : 0)
  }
}
