/// Timers that processes make with `timer_create`: where they are kept, and their signals.

import Base
import Clocks
import LinuxABI
import ProgramRecords
import Runtime
import Scheduling
import Signals

/// The timers of a process, by the place of their table, which a process has from its first one on.
///
/// Safe to use because the table is given back only with the process or its program.
@safe public struct TimersReference: BitwiseCopyable {
  private let table: UnsafeMutablePointer<ProgramTimers>

  /// The table of a process, if it has one.
  public init?(of process: ProcessReference) {
    guard let table = unsafe UnsafeMutablePointer<ProgramTimers>(bitPattern: process.fields.timers) else {
      return nil
    }
    unsafe self.table = table
  }

  /// Gives a process a table.
  public init(for process: ProcessReference) {
    let place = KernelHeap.allocate(MemoryLayout<ProgramTimers>.size)
    guard let table = unsafe UnsafeMutablePointer<ProgramTimers>(bitPattern: place.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    // SAFETY: the heap has just given the memory.
    unsafe table.initialize(to: ProgramTimers())
    unsafe self.table = table
    process.fields.timers = place.rawValue
  }

  /// The timers, in place.
  public var timers: ProgramTimers {
    // SAFETY: the table lives as long as the process has it.
    @inline(__always) _read { yield unsafe table.pointee }
    @inline(__always) nonmutating _modify { yield unsafe &table.pointee }
  }
}

extension Programs {
  /// Takes all timers from a process: it ends, or has another program.
  @inline(never)
  package func dropTimers(of process: ProcessReference) {
    guard process.fields.timers != 0 else { return }
    KernelHeap.free(VirtualAddress(process.fields.timers))
    process.fields.timers = 0
  }

  /// When one of the timers of a process is due next.
  func nextTimer(of process: ProcessReference) -> UInt64 {
    TimersReference(of: process)?.timers.nextDue() ?? .max
  }

  /// Sends the signals of timers that are due.
  @inline(never)
  func expireTimers(of process: ProcessReference, at now: UInt64) {
    guard let table = TimersReference(of: process) else { return }
    for number in 0..<ProgramTimers.capacity {
      guard var timer = table.timers.timer(number), let signal = SignalNumber(rawValue: Int(timer.signal))
      else {
        continue
      }
      var target: ProgramThreadReference?
      if case .thread(let thread) = timer.notice {
        // A thread that has ended is told nothing.
        guard let found = self.thread(thread), found.fields.process == process else { continue }
        target = found
      }
      let pending = target.map { $0.fields.pending.set } ?? process.fields.pending.set
      let isDue = timer.expire(at: now, isPending: pending & signal.mask != 0)
      if isDue {
        let information = SignalInformation(
          code: SignalInformation.timerCode, process: Int32(number), value: timer.value)
        if !send(signal, information, to: process, thread: target) { timer.wasNotSent() }
      }
      table.timers.change(number, to: timer)
    }
  }

  /// What a signal that is taken tells: one of a timer tells how often it was due since it was sent.
  @inline(__always)
  public func completed(_ information: SignalInformation, of process: ProcessReference) -> SignalInformation {
    information.code == SignalInformation.timerCode ? completedByTimer(information, of: process) : information
  }

  @inline(never)
  private func completedByTimer(
    _ information: SignalInformation, of process: ProcessReference
  ) -> SignalInformation {
    // A program may send itself a signal that looks like a timer's.
    guard let table = TimersReference(of: process),
      var timer = table.timers.timer(Int(information.process))
    else { return information }
    var information = information
    information.user = UInt32(bitPattern: timer.take(at: uptime))
    table.timers.change(Int(information.process), to: timer)
    noteTimer(process)
    return information
  }
}
