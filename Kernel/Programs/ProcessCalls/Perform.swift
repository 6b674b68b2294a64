/// The calls about processes, their memory, their signals and who they act for, by their numbers.
///
/// This module decodes what a program gives for such a call and lets `ProgramLife`, `ProgramSignals` and the address space do
/// it. It protects one process from another: what concerns another process is done only if the caller's credentials and the
/// rules of families, groups and sessions allow it.

import Arch
import Base
import CMachine
import CallContext
import LinuxABI
import OpenFiles
import Processes
import ProgramLife
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import SystemCalls
import VirtualFileSystem

extension Call {
  @inline(never) @export(interface)
  package func performMemory(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    switch call {
    case .brk: return Int(bitPattern: process.fields.space.setBreak(a))
    case .mmap where abi == .i386:
      // One structure of six words; the offset is in bytes.
      guard try loadWord(a &+ 20) & 4095 == 0 else { throw .invalidArgument }
      return try map(
        try loadWord(a), try loadWord(a &+ 4), try loadWord(a &+ 8), try loadWord(a &+ 12),
        Self.int(try loadWord(a &+ 16)), page: UInt64(try loadWord(a &+ 20)) >> 12)
    case .mmap:
      guard f & 4095 == 0 else { throw .invalidArgument }
      return try map(a, b, c, d, Self.int(e), page: UInt64(f) >> 12)
    case .mmap2: return try map(a, b, c, d, Self.int(e), page: UInt64(f))
    case .munmap: return try unmap()
    case .mprotect: return try protect()
    case .mremap: return try remap()
    case .madvise: return try advise()
    case .msync: return try synchronize()
    case .mlock, .munlock, .mlockall, .munlockall: return 0
    default: return nil
    }
  }

  @inline(never) @export(interface)
  package func performProcesses(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    let processes = process.fields.credentials
    switch call {
    case .clone: return try clone()
    case .fork: return try fork([])
    case .vfork: return try fork([.vfork, .memory])
    case .execve: return try execute()
    case .exit: exitThread()
    case .exit_group: exitGroup()
    case .wait4:
      return try wait(
        for: Self.int(a), status: b, WaitOptions(rawValue: UInt32(truncatingIfNeeded: c)), usage: d)
    case .waitpid:
      return try wait(
        for: Self.int(a), status: b, WaitOptions(rawValue: UInt32(truncatingIfNeeded: c)), usage: 0)
    case .waitid: return try waitID()
    case .getpid: return Int(process.fields.number)
    case .gettid: return Int(thread.fields.number)
    case .getppid: return Int(programs.system.processes.parent(of: process.fields.number))
    case .getpgrp: return try group(of: 0)
    case .getpgid: return try group(of: Self.int(a))
    case .setpgid: return try setGroup()
    case .getsid: return try session(of: Self.int(a))
    case .setsid: return try makeSession()
    case .getuid, .getuid32: return Int(processes.user)
    case .geteuid, .geteuid32: return Int(processes.effectiveUser)
    case .getgid, .getgid32: return Int(processes.group)
    case .getegid, .getegid32: return Int(processes.effectiveGroup)
    default: return nil
    }
  }

  @inline(never) @export(interface)
  package func performCredentials(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    let now = process.fields.credentials
    func number(_ value: UInt) -> UInt32 { UInt32(truncatingIfNeeded: value) }
    // Calls of i386 without a "32" have numbers of 16 bits.
    let (x, y, z) = (plainUser(a), plainUser(b), plainUser(c))
    let size = abi == .i386 ? 2 : 4
    switch call {
    case .setuid: return try changeCredentials { $0.setUser(x) }
    case .setuid32: return try changeCredentials { $0.setUser(number(a)) }
    case .setgid: return try changeCredentials { $0.setGroup(x) }
    case .setgid32: return try changeCredentials { $0.setGroup(number(a)) }
    case .setreuid: return try changeCredentials { $0.setUsers(x, y, .max) }
    case .setreuid32: return try changeCredentials { $0.setUsers(number(a), number(b), .max) }
    case .setregid: return try changeCredentials { $0.setGroups(x, y, .max) }
    case .setregid32: return try changeCredentials { $0.setGroups(number(a), number(b), .max) }
    case .setresuid: return try changeCredentials { $0.setUsers(x, y, z) }
    case .setresuid32: return try changeCredentials { $0.setUsers(number(a), number(b), number(c)) }
    case .setresgid: return try changeCredentials { $0.setGroups(x, y, z) }
    case .setresgid32: return try changeCredentials { $0.setGroups(number(a), number(b), number(c)) }
    case .getresuid: return try storeThree(now.user, now.effectiveUser, now.savedUser, size: size)
    case .getresuid32: return try storeThree(now.user, now.effectiveUser, now.savedUser, size: 4)
    case .getresgid: return try storeThree(now.group, now.effectiveGroup, now.savedGroup, size: size)
    case .getresgid32: return try storeThree(now.group, now.effectiveGroup, now.savedGroup, size: 4)
    case .setfsuid, .setfsuid32: return Int(now.effectiveUser)
    case .setfsgid, .setfsgid32: return Int(now.effectiveGroup)
    case .getgroups, .getgroups32: return 0
    case .setgroups, .setgroups32:
      guard now.isSuperuser else { throw .notPermitted }
      return 0
    default: return nil
    }
  }

  @inline(never) @export(interface)
  package func performSignals(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    switch call {
    case .rt_sigaction: return try changeAction()
    case .sigaction: return try changeOldAction()
    case .rt_sigprocmask:
      guard d == 8 else { throw .invalidArgument }
      return try changeMask(size: 8)
    case .sigprocmask: return try changeMask(size: 4)
    case .rt_sigpending: return try pendingSignals(size: 8)
    case .sigpending: return try pendingSignals(size: 4)
    case .rt_sigsuspend:
      guard b == 8 else { throw .invalidArgument }
      return try suspend(try load(a, 8))
    case .sigsuspend: return try suspend(UInt64(c & 0xFFFF_FFFF))
    case .pause: return try suspend(nil)
    case .rt_sigreturn:
      programs.returnFromHandler(thread, withInformation: true)
      return thread.result
    case .sigreturn:
      programs.returnFromHandler(thread, withInformation: false)
      return thread.result
    case .sigaltstack: return try alternateStack()
    case .rt_sigtimedwait: return try awaitSignal(.spec)
    case .rt_sigtimedwait_time64: return try awaitSignal(.wideSpec)
    case .kill: return try kill()
    case .rt_sigqueueinfo: return try queueSignal()
    case .tkill: return try killThread(Self.int(a), of: nil, b)
    case .tgkill: return try killThread(Self.int(b), of: Self.int(a), c)
    default: return nil
    }
  }

  @inline(never) @export(interface)
  package func performRest(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    switch call {
    case .uname: return try systemName()
    case .sethostname: return try setHostName()
    case .sysinfo: return try systemInformation()
    case .getrlimit: return try limit(a, narrow: abi == .i386, at: b)
    case .ugetrlimit: return try limit(a, narrow: false, at: b)
    case .setrlimit: return try setLimitWord()
    case .prlimit64: return try limits64()
    case .getrusage: return try usage()
    case .prctl: return try control()
    #if !arch(i386)
      case .arch_prctl where abi == .x86_64: return try architectureControl()
    #endif
    case .set_thread_area where abi == .i386: return try setThreadArea()
    case .set_tid_address:
      thread.fields.clearAtEnd = a
      return Int(thread.fields.number)
    case .set_robust_list:
      guard b == 3 * UInt(abi.wordSize) else { throw .invalidArgument }
      thread.fields.robustList = a
      return 0
    case .get_robust_list: return try robustList()
    case .sched_yield:
      yield()
      return 0
    case .sched_getaffinity:
      guard b >= UInt(abi.wordSize) else { throw .invalidArgument }
      try storeWord(1, at: c)
      return abi.wordSize
    case .sched_setaffinity, .sched_setparam, .sched_setscheduler: return 0
    case .sched_getscheduler: return 0
    case .sched_getparam:
      try store(0, 4, at: b)
      return 0
    case .sched_get_priority_max, .sched_get_priority_min:
      return a == 0 ? 0 : a <= 2 ? (call == .sched_get_priority_max ? 99 : 1) : 0
    case .getpriority: return 20 - Int(process.fields.niceness)
    case .setpriority:
      process.fields.niceness = max(-20, min(19, Self.int(c)))
      return 0
    case .nice:
      process.fields.niceness = max(-20, min(19, process.fields.niceness &+ Self.int(a)))
      return 0
    case .personality:
      let old = process.fields.personality
      if a & 0xFFFF_FFFF != 0xFFFF_FFFF { process.fields.personality = UInt32(truncatingIfNeeded: a) }
      return Int(old)
    case .getcpu:
      if a != 0 { try store(0, 4, at: a) }
      if b != 0 { try store(0, 4, at: b) }
      return 0
    case .membarrier: return a == 0 ? 0 : 0
    case .reboot:
      guard process.fields.credentials.isSuperuser else { throw .notPermitted }
      return try restart()
    default: return nil
    }
  }

  /// Lets the next thread of the level run.
  @inline(never)
  private func yield() {
    let reference = NodeReference()
    if let handover = reference.node.threads.scheduler.yield() { reference.node.threads.perform(handover) }
  }

  /// `reboot`: the run ends with the first process.
  @inline(never)
  private func restart() throws(ErrorNumber) -> Int {
    // Enabling and disabling Ctrl-Alt-Del means nothing here.
    guard c != 0, c != 0x89AB_CDEF else { return 0 }
    guard let initial = programs.process(programs.system.processes.initialProcess) else {
      throw .noSuchProcess
    }
    programs.end(initial, .exited(0))
    return 0
  }
}
