/// How a call waits: for news of a file, and with other signals blocked.

import Arch
import Base
import CMachine
import LinuxABI
import Processes
import ProgramFiles
import ProgramRecords
import ProgramSignals
import Runtime
import Signals
import VirtualFileSystem

extension ErrorNumber {
  /// The number for a refusal of the table of processes.
  package init(_ error: ProcessError) {
    self =
      switch error {
      case .tableFull: .tryAgain
      case .noSuchProcess: .noSuchProcess
      case .noChild: .noChild
      case .notPermitted: .notPermitted
      case .hasExecuted: .accessDenied
      case .badNumber: .invalidArgument
      }
  }
}

extension Call {
  /// The tree of files.
  package var files: ProgramFiles { @inline(__always) get { ProgramFiles() } }

  /// The process as the tree knows it.
  package var caller: FileCaller { @inline(__always) get { files.caller(process) } }

  /// After an operation: wakes who waits for what it has brought about.
  @inline(__always)
  package func wakeWaiters() { files.wakeWaiters() }

  /// Waits until a channel has something new.
  ///
  /// - Returns: whether the time that the wait was limited to is over.
  @inline(never) @export(interface)
  package func wait(for channel: WaitChannel, tenths: UInt8) throws(ErrorNumber) -> Bool {
    let tick =
      tenths == 0 ? UInt64.max : programs.tick(atUptime: programs.uptime + UInt64(tenths) * 100_000_000)
    switch programs.wait(in: programs.queue(of: channel), until: tick) {
    case .interrupted: throw ErrorNumber(rawValue: Int32(-Programs.restartAlways))
    case .timedOut: return true
    case .woken: return false
    }
  }

  /// Sends a signal of a terminal to the caller's group; the call is repeated if the process goes on.
  @inline(never) @export(interface)
  package func signalGroup(_ signal: SignalNumber) throws(ErrorNumber) {
    let group = Int32(try self.group(of: 0))
    programs.send(signal, SignalInformation(code: SignalInformation.kernelCode), toGroup: group)
    throw ErrorNumber(rawValue: Int32(-Programs.restartAlways))
  }

  /// The moment at which a wait of so long ends; `nil` without a limit.
  package func end(after nanoseconds: UInt64?) -> UInt64 {
    guard let nanoseconds else { return .max }
    let (sum, overflow) = programs.uptime.addingReportingOverflow(nanoseconds)
    return overflow ? .max : sum
  }

  /// Sets the mask for a wait, if one is given; it is put back when the call is left.
  @inline(never)
  package func setWaitMask(_ address: UInt) throws(ErrorNumber) {
    guard address != 0 else { return }
    let mask = try load(address, 8)
    thread.fields.savedMask = thread.fields.mask
    setMask(mask)
  }

  /// Puts the mask back that `setWaitMask` has changed, if no signal is to be seen to first.
  @inline(never)
  package func endWaitMask() {
    guard !thread.fields.context.hasWork, let saved = thread.fields.savedMask else { return }
    thread.fields.savedMask = nil
    setMask(saved)
  }

  /// Sets the mask; a signal that it lets in is seen to before the call is left.
  @inline(never)
  package func setMask(_ mask: UInt64) {
    thread.fields.mask = mask & ~SignalSets.unblockable
    if pending & ~thread.fields.mask != 0 { thread.fields.context.hasWork = true }
  }

  /// Signals that were sent to the thread or its process and not taken.
  package var pending: UInt64 { thread.fields.pending.set | process.fields.pending.set }

  /// The group of a process, 0 for the caller's own.
  @inline(never)
  package func group(of number: Int32) throws(ErrorNumber) -> Int {
    do throws(ProcessError) {
      return Int(try programs.system.processes.group(of: number == 0 ? process.fields.number : number))
    } catch { throw ErrorNumber(error) }
  }
}
