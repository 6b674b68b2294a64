/// Where records of processes and threads are made, found and given back.

import Base
import CMachine
import Futex
import LinuxABI
import Processes
import Runtime
import VirtualFileSystem

extension Programs {
  /// A record for a new process, which is the caller's to name in the table.
  ///
  /// A function of its own, because a record is large: it stands on the stack only here.
  @inline(never)
  package func makeRecord(
    number: Int32, abi: ProgramABI, space: SpaceReference, files: FilesIndex, place: PlaceIndex
  ) -> ProcessReference {
    let address = system.spareProcesses.allocate(MemoryLayout<Process>.size)
    guard let record = unsafe UnsafeMutablePointer<Process>(bitPattern: address.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    // SAFETY: the heap has just given the memory.
    unsafe record.initialize(
      to: Process(
        number: number, abi: abi, space: space, files: files, place: place, startTick: cpu_rdtsc()))
    return unsafe ProcessReference(record)
  }

  /// A record for a child of a process, with what children have of their parents; otherwise as `makeRecord`.
  package func makeRecord(
    number: Int32, childOf old: ProcessReference, space: SpaceReference, files: FilesIndex, place: PlaceIndex
  ) -> ProcessReference {
    let address = system.spareProcesses.allocate(MemoryLayout<Process>.size)
    guard let record = unsafe UnsafeMutablePointer<Process>(bitPattern: address.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    // SAFETY: the memory was just given for a record. A record owns nothing by its bits alone, and what is one process's
    // own is set anew before anybody sees the copy.
    unsafe UnsafeMutableRawPointer(record).copyMemory(
      from: old.record, byteCount: old.fields.inheritedBytes)
    let process = unsafe ProcessReference(record)
    process.fields.becomeChild(
      number: number, space: space, files: files, place: place, startTick: cpu_rdtsc())
    return process
  }

  /// Gives a record back that nobody names any more.
  package func freeRecord(_ process: ProcessReference) {
    // SAFETY: the caller says that nobody names it; it was made by `makeRecord`.
    unsafe process.record.deinitialize(count: 1)
    system.spareProcesses.free(VirtualAddress(process.payload))
  }

  /// A record for a new thread of a process.
  @inline(never)
  ///
  /// - Parameter parent: the thread that makes it, whose registers and mask it has.
  package func makeThreadRecord(
    _ process: ProcessReference, number: Int32, copyOf parent: ProgramThreadReference? = nil
  ) -> ProgramThreadReference {
    let place = system.spareThreads.allocate(MemoryLayout<ProgramThread>.size)
    guard let record = unsafe UnsafeMutablePointer<ProgramThread>(bitPattern: place.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    let thread = unsafe ProgramThreadReference(record)
    if let parent {
      // SAFETY: the memory was just given for a record, which owns nothing by its bits alone; see `makeRecord`.
      unsafe UnsafeMutableRawPointer(record).copyMemory(
        from: parent.record, byteCount: ProgramThread.inheritedBytes)
      thread.fields.becomeChild(of: process, number: number)
    } else {
      // SAFETY: the memory was just given for a record.
      unsafe record.initialize(to: ProgramThread(process: process, number: number))
    }
    thread.fields.waiter = FutexWaiter(thread: thread.address)
    thread.fields.next = process.fields.firstThread
    process.fields.firstThread?.fields.previous = thread
    process.fields.firstThread = thread
    process.fields.threadCount += 1
    return thread
  }

  /// Takes a thread out of its process and gives its record back.
  package func freeThreadRecord(_ thread: ProgramThreadReference) {
    let process = thread.fields.process
    let (next, previous) = (thread.fields.next, thread.fields.previous)
    next?.fields.previous = previous
    if let previous { previous.fields.next = next } else { process.fields.firstThread = next }
    process.fields.threadCount -= 1
    // SAFETY: nobody names the thread any more: it waits for nothing and its process does not list it.
    unsafe thread.record.deinitialize(count: 1)
    system.spareThreads.free(VirtualAddress(thread.address))
  }

  /// The process with a number, living.
  public func process(_ number: Int32) -> ProcessReference? {
    guard system.processes.isProcess(number), let payload = system.processes.payload(of: number) else {
      return nil
    }
    return ProcessReference(payload: payload)
  }

  /// The thread with a number.
  public func thread(_ number: Int32) -> ProgramThreadReference? {
    if let process = process(number) {
      var next = process.fields.firstThread
      while let thread = next {
        if thread.fields.number == number { return thread }
        next = thread.fields.next
      }
      return nil
    }
    guard let payload = system.processes.payload(of: number), payload != 0,
      let record = unsafe UnsafeMutablePointer<ProgramThread>(bitPattern: payload)
    else { return nil }
    // SAFETY: the payload of a thread's entry is its record while it lives.
    return unsafe ProgramThreadReference(record)
  }
}
