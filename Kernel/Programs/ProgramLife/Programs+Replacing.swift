/// Another program in the place of a process's old one: what it keeps, what it loses, and where it begins.

import Arch
import CMachine
import LinuxABI
import OpenFiles
import Processes
import ProgramFiles
import ProgramRecords
import ProgramStack
import Runtime
import Scheduling
import Signals
import VirtualFileSystem
import X86

extension Programs {
  /// Gives a process its new space; the old one goes, or back to who lent it.
  @inline(never)
  func replace(
    _ process: ProcessReference, _ thread: ProgramThreadReference, by space: SpaceReference, _ abi: ProgramABI
  ) {
    let old = process.fields.space
    process.fields.space = space
    space.setLimit(process.fields.limits.soft[ResourceLimit.memory])
    space.setStackLimit(process.fields.limits.soft[ResourceLimit.stack])
    process.fields.abi = abi
    if let kernelThread = thread.fields.thread {
      kernelThread.fields.space = space.root
      if kernelThread == Threads.current { cpu_write_cr3(space.root) }
      // A processor that can't save the registers leaves them to all programs together.
      try? Threads.resetFloatingPoint(of: kernelThread)
    }
    old.release()
    giveBackSpace(process)
    process.fields.actions.resetForExecution()
    thread.fields.stack = AlternateStack()
    thread.fields.clearAtEnd = 0
    thread.fields.robustList = 0
    thread.fields.sleepEnd = 0
    dropMessageArea(of: thread)
    for index in 0..<3 { thread.fields.context.setArea(index, .null) }
    (thread.fields.context.fsBase, thread.fields.context.gsBase) = (0, 0)
    #if !arch(i386)
      // As on Linux: 64-bit code needs none.
      let data = abi == .i386 ? Selectors64.userData : 0
      (thread.fields.context.ds, thread.fields.context.es) = (data, data)
      (thread.fields.context.fs, thread.fields.context.gs) = (0, 0)
    #endif
    Processor.reloadProgram()
    system.processes.noteExecution(by: process.fields.number)
  }

  /// Notes what runs: for /proc, and for the files.
  @inline(never)
  func note(
    _ list: borrowing ProgramArguments, _ nameStart: Int, _ node: FileNode, _ process: ProcessReference
  ) {
    let files = ProgramFiles()
    let bytes = list.strings.bytes
    var start = nameStart
    for index in nameStart..<(list.count - 1) where bytes[index] == UInt8(ascii: "/") { start = index + 1 }
    var name: InlineArray<16, UInt8> = .init(repeating: 0)
    for index in 0..<min(15, list.count - 1 - start) { name[index] = bytes[start + index] }
    process.fields.name = name
    files.tree.closeForExecution(process.fields.files)
    files.wakeWaiters()
    defer { process.fields.executable = node }
    // The same again, perhaps by way of /proc/self/exe: where it lies is known.
    if process.fields.executable == node { return }
    // The directory in which the path has found it; a link may have led elsewhere, then only its name is known.
    let path = bytes.extracting(nameStart..<max(nameStart + 1, start))
    let isRelative = start == nameStart
    let directory =
      isRelative
      ? try? files.tree.node(of: PathFlags.workingDirectory, for: files.caller(process))
      : try? files.tree.node(path, for: files.caller(process))
    files.tree.setExecutable(node, in: directory ?? node, ofProcess: UInt32(process.fields.number))
  }

  /// Makes the thread go on at the beginning of a program.
  @inline(never)
  func enter(_ thread: ProgramThreadReference, at entry: UInt64, stack: UInt64) {
    var frame = TrapFrame()
    #if arch(i386)
      (frame.eip, frame.cs, frame.eflags) = (UInt32(entry), UInt32(Selectors32.userCode), 0x202)
      (frame.espOfOuterRing, frame.ssOfOuterRing) = (UInt32(stack), UInt32(Selectors32.userData))
      (frame.ds, frame.es) = (UInt32(Selectors32.userData), UInt32(Selectors32.userData))
    #else
      let is32 = thread.fields.process.fields.abi == .i386
      (frame.rip, frame.rflags) = (entry, 0x202)
      frame.cs = UInt64(is32 ? Selectors64.userCode32 : Selectors64.userCode64)
      (frame.rsp, frame.ss) = (stack, UInt64(Selectors64.userData))
    #endif
    thread.frame = frame
    thread.fields.isChanged = true
  }
}
