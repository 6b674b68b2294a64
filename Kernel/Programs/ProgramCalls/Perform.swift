/// The table of calls: what each does.
///
/// A call runs with interrupts off, as a whole, but where it waits. What it answers is a number, or an error's number
/// negated; answers from -516 to -512 are never seen by a program, they say whether the call begins again after a
/// signal (`Programs+Signals.swift`).

import CallContext
import FileCalls
import LinuxABI
import ProcessCalls
import SystemCalls
import TimeCalls

extension Call {
  /// Performs a call of a program.
  ///
  /// One group after the other is asked, so that no group's needs are on the stack while another's call runs; what is
  /// called often goes to its group at once.
  func perform(_ call: SystemCall) throws(ErrorNumber) -> Int {
    let result: Int?
    switch call {
    case .futex, .futex_time64, .clock_gettime, .clock_gettime64: result = try performTime(call)
    case .brk, .mmap, .mmap2, .munmap, .mprotect: result = try performMemory(call)
    case .rt_sigprocmask, .rt_sigaction, .kill: result = try performSignals(call)
    case .clone, .fork, .vfork, .exit, .exit_group, .wait4: result = try performProcesses(call)
    case .sched_yield, .set_tid_address, .set_robust_list: result = try performRest(call)
    default: result = try performTransfer(call)
    }
    if let result { return result }
    if let result = try performNames(call) { return result }
    if let result = try performMemory(call) { return result }
    if let result = try performSignals(call) { return result }
    if let result = try performTime(call) { return result }
    if let result = try performProcesses(call) { return result }
    if let result = try performAttributes(call) { return result }
    if let result = try performCredentials(call) { return result }
    if let result = try performRest(call) { return result }
    throw .noSuchCall
  }
}
