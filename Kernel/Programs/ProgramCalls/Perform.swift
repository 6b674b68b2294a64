/// The table of calls: what each does.
///
/// A call runs with interrupts off, as a whole, but where it waits. What it answers is a number, or an error's number
/// negated; answers from -516 to -512 are never seen by a program, they say whether the call begins again after a
/// signal (`Programs+Signals.swift`).

import Arch
import Base
import CMachine
import LinuxABI
import OpenFiles
import Processes
import ProgramFiles
import ProgramRecords
import ProgramSignals
import Randomness
import Runtime
import Scheduling
import Signals
import SystemCalls
import UserMemory
import VirtualFileSystem
import X86

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

  @inline(never)
  private func performTransfer(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    switch call {
    case .read: return try read(Self.int(a), b, c, .current)
    case .write: return try write(Self.int(a), b, c, .current)
    case .readv: return try readVectors(.current)
    case .writev: return try writeVectors(.current)
    case .pread64: return try read(Self.int(a), b, c, .at(wide(d, e)))
    case .pwrite64: return try write(Self.int(a), b, c, .at(wide(d, e)))
    case .preadv: return try readVectors(.at(Self.join(d, e, abi)))
    case .pwritev: return try writeVectors(.at(Self.join(d, e, abi)))
    case .sendfile: return try sendFile(offsetSize: abi.wordSize)
    case .sendfile64: return try sendFile(offsetSize: 8)
    case .lseek: return try seek()
    case .llseek: return try longSeek()
    case .poll:
      let milliseconds = Self.int(c)
      return try poll(until: end(after: milliseconds < 0 ? nil : UInt64(milliseconds) * 1_000_000))
    case .ppoll, .ppoll_time64:
      let limit = c == 0 ? nil : try loadDuration(c, call == .ppoll ? .spec : .wideSpec)
      try setWaitMask(d)
      defer { endWaitMask() }
      return try poll(until: end(after: limit))
    case .select where abi == .i386:
      // One structure of five words.
      let limit = try loadWord(a &+ 16)
      return try select(
        Self.int(try loadWord(a)), try loadWord(a &+ 4), try loadWord(a &+ 8), try loadWord(a &+ 12),
        limitAt: limit)
    case .select, .newselect: return try select(Self.int(a), b, c, d, limitAt: e)
    case .pselect6, .pselect6_time64:
      let limit = e == 0 ? nil : try loadDuration(e, call == .pselect6 ? .spec : .wideSpec)
      if f != 0 { try setWaitMask(try loadWord(f)) }
      defer { endWaitMask() }
      return try select(Self.int(a), b, c, d, until: end(after: limit))
    default: return nil
    }
  }

  /// An offset that i386 passes in two registers.
  func wide(_ low: UInt, _ high: UInt) -> UInt64 { abi == .i386 ? Self.pair(low, high) : UInt64(low) }

  static func join(_ low: UInt, _ high: UInt, _ abi: ProgramABI) -> UInt64 {
    abi == .i386 ? pair(low, high) : UInt64(low)
  }

  @inline(never)
  private func select(
    _ count: Int32, _ inputs: UInt, _ outputs: UInt, _ others: UInt, limitAt address: UInt
  ) throws(ErrorNumber) -> Int {
    let limit = address == 0 ? nil : try loadDuration(address, .value)
    return try select(count, inputs, outputs, others, until: end(after: limit))
  }

  @inline(never)
  private func performNames(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    let here = PathFlags.workingDirectory
    switch call {
    case .open: return try open(here, a, b, c)
    case .creat: return try open(here, a, 0o1101, b)
    case .openat: return try open(Self.int(a), b, c, d)
    case .close: return try close(Self.int(a))
    case .close_range: return try closeRange()
    case .dup: return Int(try files.tree.duplicate(Self.int(a), for: caller))
    case .dup2: return try duplicate(to: Self.int(b), 0, mayBeSame: true)
    case .dup3: return try duplicate(to: Self.int(b), c, mayBeSame: false)
    case .pipe: return try makePipe(0)
    case .pipe2: return try makePipe(b)
    case .fcntl: return try control(isWide: false)
    case .fcntl64: return try control(isWide: true)
    case .ioctl: return try deviceControl()
    case .flock:
      _ = try files.tree.node(of: Self.int(a), for: caller)
      return 0
    case .stat: return try stat(a, follow: true, .stat, to: b)
    case .lstat: return try stat(a, follow: false, .stat, to: b)
    case .fstat: return try stat(of: Self.int(a), .stat, to: b)
    case .stat64: return try stat(a, follow: true, .stat64, to: b)
    case .lstat64: return try stat(a, follow: false, .stat64, to: b)
    case .fstat64: return try stat(of: Self.int(a), .stat64, to: b)
    case .newfstatat: return try information(of: try node(Self.int(a), b, d), .stat, at: c)
    case .fstatat64: return try information(of: try node(Self.int(a), b, d), .stat64, at: c)
    case .statx: return try information(of: try node(Self.int(a), b, c), .extended, at: e)
    case .access: return try access(here, a, b, 0)
    case .faccessat: return try access(Self.int(a), b, c, 0)
    case .faccessat2: return try access(Self.int(a), b, c, d)
    case .readlink: return try readLink(here, a, b, c)
    case .readlinkat: return try readLink(Self.int(a), b, c, d)
    case .getcwd: return try workingDirectory()
    case .chdir:
      try files.tree.changeDirectory(to: try files.tree.node(try path(a), for: caller), for: caller)
    case .fchdir:
      try files.tree.changeDirectory(to: try files.tree.node(of: Self.int(a), for: caller), for: caller)
    case .chroot: try files.tree.changeRoot(to: try files.tree.node(try path(a), for: caller), for: caller)
    case .getdents: return try list(abi == .i386 ? .i386 : .x86_64)
    case .getdents64: return try list(.wide)
    case .mkdir: try files.tree.makeDirectory(try path(a), mode: UInt16(truncatingIfNeeded: b), for: caller)
    case .mkdirat:
      try files.tree.makeDirectory(
        try path(b), at: Self.int(a), mode: UInt16(truncatingIfNeeded: c), for: caller)
    case .mknod:
      try files.tree.makeNode(
        try path(a), mode: UInt16(truncatingIfNeeded: b), device: UInt64(c), for: caller)
    case .mknodat:
      try files.tree.makeNode(
        try path(b), at: Self.int(a), mode: UInt16(truncatingIfNeeded: c), device: UInt64(d), for: caller)
    case .rmdir: try files.tree.remove(try path(a), isDirectory: true, for: caller)
    case .unlink: try files.tree.remove(try path(a), isDirectory: false, for: caller)
    case .unlinkat:
      guard c & ~UInt(PathFlags.removeDirectory) == 0 else { throw .invalidArgument }
      try files.tree.remove(try path(b), at: Self.int(a), isDirectory: c != 0, for: caller)
    case .link: return try link(here, a, here, b, 0)
    case .linkat: return try link(Self.int(a), b, Self.int(c), d, e)
    case .symlink: return try symbolicLink(a, here, b)
    case .symlinkat: return try symbolicLink(a, Self.int(b), c)
    case .rename: return try rename(here, a, here, b, 0)
    case .renameat: return try rename(Self.int(a), b, Self.int(c), d, 0)
    case .renameat2: return try rename(Self.int(a), b, Self.int(c), d, e)
    default: return nil
    }
    wakeWaiters()
    return 0
  }

  @inline(never)
  private func performAttributes(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    let here = PathFlags.workingDirectory
    switch call {
    case .chmod: return try changeMode(try node(here, a, 0), b)
    case .fchmod: return try changeMode(try files.tree.node(of: Self.int(a), for: caller), b)
    case .fchmodat: return try changeMode(try node(Self.int(a), b, 0), c)
    case .chown: return try changeOwner(try node(here, a, 0), plainUser(b), plainUser(c))
    case .chown32:
      return try changeOwner(
        try node(here, a, 0), UInt32(truncatingIfNeeded: b), UInt32(truncatingIfNeeded: c))
    case .lchown: return try changeOwner(try node(here, a, 0x100), plainUser(b), plainUser(c))
    case .lchown32:
      return try changeOwner(
        try node(here, a, 0x100), UInt32(truncatingIfNeeded: b), UInt32(truncatingIfNeeded: c))
    case .fchown:
      return try changeOwner(try files.tree.node(of: Self.int(a), for: caller), plainUser(b), plainUser(c))
    case .fchown32:
      return try changeOwner(
        try files.tree.node(of: Self.int(a), for: caller), UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: c))
    case .fchownat:
      return try changeOwner(
        try node(Self.int(a), b, e), UInt32(truncatingIfNeeded: c), UInt32(truncatingIfNeeded: d))
    case .utime: return try setOldTimes()
    case .utimes: return try setTimes(try node(here, a, 0), b, .value)
    case .futimesat: return try setTimes(try node(Self.int(a), b, 0), c, .value)
    case .utimensat, .utimensat_time64:
      let layout: TimeLayout = call == .utimensat ? .spec : .wideSpec
      if b == 0 { return try setTimes(try files.tree.node(of: Self.int(a), for: caller), c, layout) }
      return try setTimes(try node(Self.int(a), b, d), c, layout)
    case .truncate: return try truncate(to: Int64(long(b)))
    case .truncate64: return try truncate(to: Int64(bitPattern: Self.pair(b, c)))
    case .ftruncate: return try truncateOpen(to: Int64(long(b)))
    case .ftruncate64: return try truncateOpen(to: Int64(bitPattern: Self.pair(b, c)))
    case .statfs: return try fileSystem(try files.tree.node(try path(a), for: caller), isWide: false, at: b)
    case .fstatfs:
      return try fileSystem(try files.tree.node(of: Self.int(a), for: caller), isWide: false, at: b)
    case .statfs64: return try fileSystem(try files.tree.node(try path(a), for: caller), isWide: true, at: c)
    case .fstatfs64:
      return try fileSystem(try files.tree.node(of: Self.int(a), for: caller), isWide: true, at: c)
    case .umask: return Int(files.tree.setMask(UInt16(truncatingIfNeeded: a), for: caller))
    // Everything is in memory: there is nothing to write back.
    case .sync: return 0
    case .fsync, .fdatasync:
      _ = try files.tree.node(of: Self.int(a), for: caller)
      return 0
    case .fadvise64, .fadvise64_64: return 0
    case .getrandom: return try randomBytes()
    default: return nil
    }
  }

  /// `getrandom`.
  @inline(never)
  private func randomBytes() throws(ErrorNumber) -> Int {
    // There are always enough: it never matters whether to wait. Of the two kinds only one may be asked for.
    guard c & ~7 == 0, c & 6 != 6 else { throw .invalidArgument }
    var done: UInt = 0
    while done < b {
      let size = min(Int(b - done), ProgramFiles.bufferSize)
      var buffer = files.buffer(size)
      files.tree.random.fill(&buffer)
      try store(files.buffered(size), at: a &+ done)
      done += UInt(size)
    }
    return Int(b)
  }

  @inline(never)
  private func performMemory(_ call: SystemCall) throws(ErrorNumber) -> Int? {
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

  @inline(never)
  private func performProcesses(_ call: SystemCall) throws(ErrorNumber) -> Int? {
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

  @inline(never)
  private func performCredentials(_ call: SystemCall) throws(ErrorNumber) -> Int? {
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

  @inline(never)
  private func performSignals(_ call: SystemCall) throws(ErrorNumber) -> Int? {
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

  @inline(never)
  private func performTime(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    switch call {
    case .clock_gettime: return try clockTime(.spec)
    case .clock_gettime64: return try clockTime(.wideSpec)
    case .clock_getres: return try clockResolution(.spec)
    case .clock_getres_time64: return try clockResolution(.wideSpec)
    case .clock_settime: return try setClock(.spec)
    case .clock_settime64: return try setClock(.wideSpec)
    case .gettimeofday: return try timeOfDay()
    case .time: return try time()
    case .times: return try times()
    case .getrusage: return try usage()
    case .nanosleep: return try sleep(clock: 1, isAbsolute: false, a, remainder: b, .spec)
    case .clock_nanosleep: return try sleep(clock: a, isAbsolute: b & 1 != 0, c, remainder: d, .spec)
    case .clock_nanosleep_time64:
      return try sleep(clock: a, isAbsolute: b & 1 != 0, c, remainder: d, .wideSpec)
    case .alarm: return alarm()
    case .getitimer: return try timer()
    case .setitimer: return try setTimer()
    case .timer_create: return try makeTimer()
    case .timer_settime: return try setMadeTimer(.spec)
    case .timer_settime64: return try setMadeTimer(.wideSpec)
    case .timer_gettime: return try madeTimer(.spec)
    case .timer_gettime64: return try madeTimer(.wideSpec)
    case .timer_getoverrun: return try missedTimer()
    case .timer_delete: return try deleteTimer()
    case .futex: return try futex(.spec)
    case .futex_time64: return try futex(.wideSpec)
    default: return nil
    }
  }

  @inline(never)
  private func performRest(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    switch call {
    case .uname: return try systemName()
    case .sethostname: return try setHostName()
    case .sysinfo: return try systemInformation()
    case .getrlimit: return try limit(a, narrow: abi == .i386, at: b)
    case .ugetrlimit: return try limit(a, narrow: false, at: b)
    case .setrlimit: return try setLimitWord()
    case .prlimit64: return try limits64()
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
