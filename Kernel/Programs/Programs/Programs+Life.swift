/// How processes and threads begin and end.

import ABI
import Arch
import Base
import CMachine
import Futex
import LinuxABI
import Log
import Processes
import Runtime
import Scheduling
import Signals
import UserMemory
import VirtualFileSystem
import X86

/// What `clone` is asked for.
public struct CloneFlags: OptionSet, BitwiseCopyable, Sendable {
  /// The bits as a program gives them.
  public let rawValue: UInt64
  /// Makes a request, or a set of its bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// CLONE_VM.
  public static let memory = CloneFlags(rawValue: 0x100)
  /// CLONE_FS.
  public static let place = CloneFlags(rawValue: 0x200)
  /// CLONE_FILES.
  public static let files = CloneFlags(rawValue: 0x400)
  /// CLONE_SIGHAND.
  public static let signalHandlers = CloneFlags(rawValue: 0x800)
  /// CLONE_VFORK.
  public static let vfork = CloneFlags(rawValue: 0x4000)
  /// CLONE_PARENT.
  public static let sameParent = CloneFlags(rawValue: 0x8000)
  /// CLONE_THREAD.
  public static let thread = CloneFlags(rawValue: 0x1_0000)
  /// CLONE_SETTLS.
  public static let setArea = CloneFlags(rawValue: 0x8_0000)
  /// CLONE_PARENT_SETTID.
  public static let tellParent = CloneFlags(rawValue: 0x10_0000)
  /// CLONE_CHILD_CLEARTID.
  public static let clearAtEnd = CloneFlags(rawValue: 0x20_0000)
  /// CLONE_CHILD_SETTID.
  public static let tellChild = CloneFlags(rawValue: 0x100_0000)
  /// Name spaces and the like, which there are not.
  public static let unsupported = CloneFlags(rawValue: 0x7E02_0000)
}

/// What a new thread or process shall have.
public struct CloneRequest: BitwiseCopyable {
  /// What is shared and what is told.
  public var flags: CloneFlags
  /// The signal to the parent at the end.
  public var exitSignal: Int32 = 17
  /// The stack pointer, or 0 for the same.
  public var stack: UInt = 0
  /// Where numbers are written.
  public var parentNumber: UInt = 0
  /// Where the child's number is written or cleared.
  public var childNumber: UInt = 0
  /// The thread area: a base address, or the address of a descriptor's description.
  public var area: UInt = 0

  /// Makes a request, or a set of its bits.
  public init(_ flags: CloneFlags) { self.flags = flags }
}

extension Programs {
  /// The level at which programs run.
  public static var level: PriorityLevel { PriorityLevel(truncating: 8) }

  // MARK: - Beginning

  /// The call `clone` and those like it.
  ///
  /// - Returns: the new number.
  @export(interface)
  public func clone(_ request: CloneRequest, of parent: ProgramThreadReference) throws(ErrorNumber) -> Int32 {
    let flags = request.flags
    guard flags.isDisjoint(with: .unsupported) else { throw .invalidArgument }
    if parent.fields.process.fields.limits.soft[6] != .max { try checkCount(for: parent.fields.process) }
    if flags.contains(.thread) {
      guard flags.isSuperset(of: [.memory, .signalHandlers]) else { throw .invalidArgument }
      return try makeThread(request, of: parent)
    }
    guard !flags.contains(.signalHandlers) || flags.contains(.memory) else { throw .invalidArgument }
    return try makeProcess(request, of: parent)
  }

  /// Refuses one thread more than a user may have (RLIMIT_NPROC); the superuser may have any number.
  @inline(never)
  private func checkCount(for process: ProcessReference) throws(ErrorNumber) {
    let user = process.fields.credentials.user
    guard user != 0, !process.fields.credentials.isSuperuser else { return }
    var count: UInt64 = 0
    system.processes.forEachProcess { _, payload in
      guard let other = ProcessReference(payload: payload), other.fields.credentials.user == user else {
        return
      }
      count += UInt64(other.fields.threadCount)
    }
    guard count < process.fields.limits.soft[6] else { throw .tryAgain }
  }

  @inline(never)
  private func makeThread(
    _ request: CloneRequest, of parent: ProgramThreadReference
  ) throws(ErrorNumber) -> Int32 {
    let process = parent.fields.process
    let number: Int32
    do { number = try system.processes.makeThread(of: process.fields.number) } catch { throw .tryAgain }
    let thread = makeThreadRecord(process, number: number, copyOf: parent)
    system.processes.setPayload(thread.address, of: number)
    do {
      try begin(thread, request, from: parent)
    } catch {
      system.processes.endThread(number)
      freeThreadRecord(thread)
      throw error
    }
    return number
  }

  @inline(never)
  private func makeProcess(
    _ request: CloneRequest, of parent: ProgramThreadReference
  ) throws(ErrorNumber) -> Int32 {
    let flags = request.flags
    let old = parent.fields.process
    let family =
      flags.contains(.sameParent) ? system.processes.parent(of: old.fields.number) : old.fields.number
    let number: Int32
    do {
      number = try system.processes.makeProcess(parent: family, exitSignal: request.exitSignal)
    } catch { throw .tryAgain }
    var process: ProcessReference?
    do {
      let new = try copy(old, flags, number: number)
      process = new
      let thread = makeThreadRecord(new, number: number, copyOf: parent)
      system.processes.setPayload(new.payload, of: number)
      try begin(thread, request, from: parent)
    } catch {
      if let process {
        if let thread = process.fields.firstThread { freeThreadRecord(thread) }
        giveUp(process)
      }
      _ = try? system.processes.end(number, .exited(0), ticks: 0, parentIgnores: true)
      throw error
    }
    if flags.contains(.vfork), let child = process {
      child.fields.isBorrowing = true
      while child.fields.isBorrowing, wait(in: child.released) != .interrupted {}
      // A signal that ends the parent does not wait; the child keeps the space alive.
    }
    return number
  }

  /// Makes a process that has what another has.
  @inline(never)
  private func copy(
    _ old: ProcessReference, _ flags: CloneFlags, number: Int32
  ) throws(ErrorNumber) -> ProcessReference {
    let space = flags.contains(.memory) ? old.fields.space.retain() : try old.fields.space.fork()
    let files: FilesIndex
    let place: PlaceIndex
    do {
      files = try flags.contains(.files) ? Files.share(old.fields.files) : Files.copy(old.fields.files)
    } catch {
      space.release()
      throw error
    }
    do {
      place = try flags.contains(.place) ? Files.share(old.fields.place) : Files.copy(old.fields.place)
    } catch {
      Files.release(files)
      space.release()
      throw error
    }
    let new = makeRecord(number: number, childOf: old, space: space, files: files, place: place)
    if old.fields.processorLimit != .max { limitTime(of: new) }
    Files.note(new, executableOf: old)
    ProfileRecords.begin(new)
    return new
  }

  /// Gives back what a process has.
  func giveUp(_ process: ProcessReference) {
    Files.release(process.fields.files)
    Files.release(process.fields.place)
    dropTimers(of: process)
    process.fields.space.release()
    ProfileRecords.drop(process)
    freeRecord(process)
  }

  /// Starts a new thread with the registers of another.
  @inline(never)
  private func begin(
    _ thread: ProgramThreadReference, _ request: CloneRequest, from parent: ProgramThreadReference
  ) throws(ErrorNumber) {
    let process = thread.fields.process
    let flags = request.flags
    describe(thread)
    if !flags.contains(.memory) || flags.contains(.vfork) { thread.fields.stack = parent.fields.stack }
    if flags.contains(.clearAtEnd) { thread.fields.clearAtEnd = request.childNumber }
    #if !arch(i386)
      let selectors = Processor.programSelectors
      thread.fields.context.setSelectors(selectors.ds, selectors.es, selectors.fs, selectors.gs)
    #endif
    if flags.contains(.setArea) { try setArea(request.area, of: thread, from: parent) }
    var frame = parent.frame
    checkSelectors(of: thread, &frame)
    #if arch(i386)
      frame.eax = 0
      if request.stack != 0 { frame.espOfOuterRing = UInt32(request.stack) }
    #else
      frame.rax = 0
      if request.stack != 0 { frame.rsp = UInt64(request.stack) }
    // The way back is that of an interrupt: what syscall would have destroyed does not matter to the program.
    #endif
    let numberSpace = process.fields.space
    if flags.contains(.tellChild), flags.contains(.memory) {
      guard ProgramMemory.write(UInt32(bitPattern: thread.fields.number), to: request.childNumber) else {
        throw .badAddress
      }
    }
    let created: ThreadReference
    do {
      // SAFETY: the record lives until its thread has ended; the frame is copied.
      created = try unsafe Threads.createProgram(
        system.threadName, level: Self.level, space: numberSpace.root, registers: &frame,
        record: thread.context)
    } catch { throw .tryAgain }
    thread.fields.thread = created
    Threads.copyFloatingPoint(of: Threads.current, to: created)
    if flags.contains(.tellChild), !flags.contains(.memory) {
      numberSpace.write(UInt32(bitPattern: thread.fields.number), to: request.childNumber)
    }
    if flags.contains(.tellParent) {
      _ = ProgramMemory.write(UInt32(bitPattern: thread.fields.number), to: request.parentNumber)
    }
  }

  /// Takes selectors away that a new thread has from its parent and that name nothing among its own descriptors.
  private func checkSelectors(of thread: ProgramThreadReference, _ frame: inout TrapFrame) {
    #if arch(i386)
      func check(_ selector: UInt32) -> UInt32 {
        UInt32(thread.allowed(UInt16(truncatingIfNeeded: selector)))
      }
      (frame.ds, frame.es) = (check(frame.ds), check(frame.es))
      (frame.fs, frame.gs) = (check(frame.fs), check(frame.gs))
      frame.ssOfOuterRing = UInt32(Selectors.data)
    #else
      let context = thread.fields.context
      if !context.hasNoSelectors {
        thread.fields.context.setSelectors(
          thread.allowed(context.ds), thread.allowed(context.es), thread.allowed(context.fs),
          thread.allowed(context.gs))
      }
      frame.ss = UInt64(Selectors.data)
    #endif
  }

  /// Writes the answers that the entries of the kernel give.
  public func describe(_ thread: ProgramThreadReference) {
    let process = thread.fields.process
    let credentials = process.fields.credentials
    thread.fields.context.process = UInt(process.fields.number)
    thread.fields.context.thread = UInt(thread.fields.number)
    thread.fields.context.user = UInt(credentials.user)
    thread.fields.context.effectiveUser = UInt(credentials.effectiveUser)
    thread.fields.context.group = UInt(credentials.group)
    thread.fields.context.effectiveGroup = UInt(credentials.effectiveGroup)
  }

  /// Writes the answers of all threads of a process, after its credentials have changed.
  public func describeAll(_ process: ProcessReference) {
    var next = process.fields.firstThread
    while let thread = next {
      describe(thread)
      next = thread.fields.next
    }
  }

  // MARK: - Ending

  /// Makes all threads of a process end.
  @export(interface)
  public func end(_ process: ProcessReference, _ status: ExitStatus) {
    guard process.fields.ending == nil else { return }
    process.fields.ending = status
    resume(process)
    var next = process.fields.firstThread
    while let thread = next {
      next = thread.fields.next
      interrupt(thread)
      wakeAll(thread.queue)
    }
  }

  /// Ends the running thread; the last one ends its process.
  @export(interface)
  public func endThread(_ thread: ProgramThreadReference) -> Never {
    let reference = NodeReference()
    let process = thread.fields.process
    system.futexes.remove(thread.waiter)
    releaseMutexes(of: thread)
    dropMessageArea(of: thread)
    if thread.fields.clearAtEnd != 0, process.fields.space.isShared || process.fields.threadCount > 1 {
      if ProgramMemory.write(0 as UInt32, to: thread.fields.clearAtEnd) {
        _ = wake(word: thread.fields.clearAtEnd, of: process, count: 1)
      }
    }
    process.fields.endedTicks &+= Threads.current.runTicks(isCurrent: true, at: cpu_rdtsc())
    let isLast = process.fields.threadCount == 1
    // From here on nothing of the program is used: neither its memory nor its segments.
    leaveSpace()
    Processor.unloadProgram()
    Threads.releaseFloatingPoint(of: Threads.current)
    Threads.current.fields.tag = 0
    if isLast {
      endProcess(process, thread)
    } else {
      if thread.fields.number != process.fields.number { system.processes.endThread(thread.fields.number) }
      freeThreadRecord(thread)
      // Somebody may wait to be the only thread.
      wakeAll(process.released)
    }
    _ = reference
    Threads.exit(code: 0)
  }

  @inline(never)
  private func endProcess(_ process: ProcessReference, _ thread: ProgramThreadReference) {
    let number = process.fields.number
    let status = process.fields.ending ?? .exited(0)
    let ticks = process.fields.endedTicks
    if thread.fields.number != number { system.processes.endThread(thread.fields.number) }
    freeThreadRecord(thread)
    giveBackSpace(process)
    let group = (try? system.processes.group(of: number)) ?? 0
    let session = (try? system.processes.session(of: number)) ?? 0
    if session == number { Files.hangUp(session: session) }
    let parent = system.processes.parent(of: number)
    let ignores = self.process(parent).map { ignoresChildren($0) } ?? false
    Files.end(process)
    closePorts(of: process)
    if number == system.processes.initialProcess { endRunOfPrograms(status) }
    ProfileRecords.finish(process)
    giveUp(process)
    tellChildren(of: number)
    let report: ProcessTable.EndReport
    do {
      report = try system.processes.end(number, status, ticks: ticks, parentIgnores: ignores)
    } catch { preconditionFailure("a process without an entry") }
    if report.isGone { Files.forget(number) }
    if report.parent != 0 {
      let code: Int32 = status.code != nil ? 1 : 2
      let value = status.code ?? status.signal ?? 0
      if report.signal == 17 {
        tellParent(report.parent, of: number, code: code, status: value, isStop: false)
      } else if let parent = self.process(report.parent) {
        if let signal = SignalNumber(rawValue: Int(report.signal)) {
          send(
            signal, SignalInformation(code: code, process: number, value: UInt64(truncatingIfNeeded: value)),
            to: parent)
        }
        wakeAll(parent.children)
      }
    }
    if report.initialProcessHasZombies, let initial = self.process(system.processes.initialProcess) {
      wakeAll(initial.children)
    }
    // A group that nobody could let go on any more is told so.
    if group != 0, system.processes.hasStopped(group: group), system.processes.isOrphaned(group: group) {
      send(.hangUp, SignalInformation(code: SignalInformation.kernelCode), toGroup: group)
      send(.goOn, SignalInformation(code: SignalInformation.kernelCode), toGroup: group)
    }
  }

  /// Looks for a child that has something to tell, and forgets one that has told its last.
  @export(interface)
  public func findChild(
    of parent: Int32, _ target: WaitTarget, _ options: WaitOptions
  ) throws(ProcessError) -> WaitReport? {
    let report = try system.processes.wait(by: parent, for: target, options)
    if let report, report.isGone { Files.forget(report.number) }
    return report
  }

  private func ignoresChildren(_ process: ProcessReference) -> Bool {
    let action = process.fields.actions[.child]
    return action.isIgnored || action.flags.contains(.noChildWait)
  }

  /// Sends the children of a process that ends what they want to be sent then (PR_SET_PDEATHSIG).
  @inline(never)
  private func tellChildren(of number: Int32) {
    guard system.hasDeathSignals else { return }
    let programs = self
    system.processes.forEachProcess { child, payload in
      guard let process = ProcessReference(payload: payload), process.fields.deathSignal != 0,
        programs.system.processes.parent(of: child) == number,
        let signal = SignalNumber(rawValue: Int(process.fields.deathSignal))
      else { return }
      programs.send(signal, SignalInformation(code: SignalInformation.userCode, process: number), to: process)
    }
  }

  /// Lets the parent of a vfork go on.
  func giveBackSpace(_ process: ProcessReference) {
    guard process.fields.isBorrowing else { return }
    process.fields.isBorrowing = false
    wakeAll(process.released)
  }

  /// The first process has ended, and so ends the run; on a node without a console only what runs there.
  private func endRunOfPrograms(_ status: ExitStatus) -> Never {
    guard NodeReference().node.identity.ownsDevices else {
      log(
        .info, "programs", "the first process ended with status \(status.code ?? 128 + (status.signal ?? 0))")
      Console.relayEnd(status)
      cpu_sti()
      // The node goes on for the others; its program can be started again with the node.
      while true { _ = try? Threads.sleep(nanoseconds: 3_600_000_000_000) }
    }
    ProfileRecords.writeAll()
    Files.finish()
    let code = status.code ?? 128 + (status.signal ?? 0)
    if let signal = status.signal {
      log(.error, "programs", "the first process was ended by signal \(UInt32(signal))")
    }
    endRun(.passed, status: UInt32(truncatingIfNeeded: code & 0xFF))
  }

  /// Ends all threads of a process but the running one, before it runs another program.
  @inline(never)
  func endOthers(_ thread: ProgramThreadReference) throws(ErrorNumber) {
    let process = thread.fields.process
    guard process.fields.threadCount > 1 else { return }
    var next = process.fields.firstThread
    while let other = next {
      next = other.fields.next
      if other == thread { continue }
      other.fields.isEnding = true
      interrupt(other)
      wakeAll(other.queue)
    }
    while process.fields.threadCount > 1 {
      guard wait(in: process.released) != .interrupted else { throw .interrupted }
    }
    if thread.fields.number != process.fields.number {
      system.processes.endThread(thread.fields.number)
      thread.fields.number = process.fields.number
      describe(thread)
    }
  }

  /// Stops using the program's address space: the kernel's own tables are enough for the end of a thread.
  func leaveSpace() {
    let root = UserMemory.kernelRoot
    Threads.current.fields.space = root
    cpu_write_cr3(root)
  }

  // MARK: - Words of memory

  /// The name of a word that threads wait at.
  public func key(_ address: UInt, of process: ProcessReference, isPrivate: Bool) -> FutexKey {
    // The frame stays the same as long as anybody has the page; a word of it may have other addresses elsewhere.
    if !isPrivate, let frame = UserMemory.sharedFrame(at: address, in: &process.fields.space.space) {
      return FutexKey(space: UInt(frame.rawValue), address: address & 4095, isShared: true)
    }
    return FutexKey(space: process.fields.space.payload, address: address, isShared: false)
  }

  /// Wakes threads that wait at a word.
  @discardableResult
  public func wake(word address: UInt, of process: ProcessReference, count: Int, bits: UInt32 = .max) -> Int {
    system.futexes.wake(key(address, of: process, isPrivate: false), count: count, bits: bits) { record in
      Self.wakeThread(record)
    }
  }

  /// Ends the wait of the thread with a record.
  @inline(__always)
  public static func wakeThread(_ record: UInt) {
    guard let pointer = unsafe UnsafeMutablePointer<ProgramThread>(bitPattern: record) else { return }
    // SAFETY: a record that waits at a word is in use.
    let thread = unsafe ProgramThreadReference(pointer)
    if let waiting = thread.fields.thread { NodeReference().node.threads.scheduler.wake(waiting) }
  }

  /// Marks the mutexes that a thread leaves locked (`set_robust_list`).
  @inline(never)
  private func releaseMutexes(of thread: ProgramThreadReference) {
    let head = thread.fields.robustList
    guard head != 0 else { return }
    thread.fields.robustList = 0
    let process = thread.fields.process
    let word = UInt(process.fields.abi.wordSize)
    func load(_ address: UInt) -> UInt? { ProgramMemory.readWord(address, process.fields.abi) }
    guard let first = load(head), let offset = load(head &+ word), let pending = load(head &+ 2 &* word)
    else { return }
    // Addresses of i386 have 32 bits, wherever they are reckoned with: the distance may be a negative number.
    let bits: UInt = process.fields.abi == .i386 ? 0xFFFF_FFFF : .max
    func place(_ entry: UInt) -> UInt { ((entry & ~1) &+ offset) & bits }
    var entry = first
    var count = 0
    while entry & ~1 != head & ~1, count < RobustWord.longestList {
      if entry & ~1 != pending & ~1 { release(place(entry), of: thread) }
      guard let next = load(entry & ~1) else { break }
      entry = next
      count += 1
    }
    if pending & ~1 != 0 { release(place(pending), of: thread) }
  }

  private func release(_ address: UInt, of thread: ProgramThreadReference) {
    guard address & 3 == 0, let word = ProgramMemory.readWord32(address),
      let new = RobustWord.afterEnd(of: UInt32(bitPattern: thread.fields.number), word),
      ProgramMemory.write(new, to: address)
    else { return }
    if word & RobustWord.waiters != 0 { wake(word: address, of: thread.fields.process, count: 1) }
  }
}
