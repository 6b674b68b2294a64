/// How processes and threads begin: `clone` and those like it.
///
/// This module has the life of programs from the first process of a node to the last: beginnings, another program in
/// the place of the old one, what a thread sees to before its program goes on, exceptions, ends. It protects that what a
/// process has is given back once, however far a beginning has come and whoever ends it: what can be refused is refused
/// before anything is given up.

import Arch
import CMachine
import LinuxABI
import Processes
import ProgramFiles
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import VirtualFileSystem
import X86

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
    guard flags.isPossible else { throw .invalidArgument }
    let process = parent.fields.process
    if process.fields.limits.soft[ResourceLimit.processes] != .max { try checkCount(for: process) }
    if flags.contains(.thread) { return try makeThread(request, of: parent) }
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
    guard count < process.fields.limits.soft[ResourceLimit.processes] else { throw .tryAgain }
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
}
