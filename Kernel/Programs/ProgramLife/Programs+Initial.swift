/// The first process.

import AddressSpace
import Arch
import Executable
import LinuxABI
import OpenFiles
import ProgramFiles
import ProgramRecords
import Runtime
import Scheduling
import UserMemory
import VirtualFileSystem
import X86

extension Programs {
  /// Starts the first process; called with interrupts off by a thread of the kernel.
  ///
  /// - Parameters:
  ///   - arguments: its arguments, and last the path of its program.
  @export(interface)
  public func startInitialProcess(_ list: inout ProgramArguments, nameStart: Int) throws(ErrorNumber) {
    let files = ProgramFiles()
    let number: Int32
    do { number = try system.processes.makeProcess(parent: 0) } catch { throw .tryAgain }
    let space: SpaceReference
    do throws(SpaceError) {
      space = SpaceReference(try UserMemory.makeSpace(Self.layout(Self.nativeClass)))
    } catch {
      throw .outOfMemory
    }
    let table = try files.tree.makeFiles()
    let place = try files.tree.makePlace()
    let process = makeRecord(
      number: number, abi: Self.nativeClass == .bits32 ? .i386 : .x86_64, space: space, files: table,
      place: place)
    let thread = makeThreadRecord(process, number: number)
    system.processes.setPayload(process.payload, of: number)
    describe(thread)
    files.tree.addProcess(files.caller(process))
    ProfileRecords.begin(process)
    let console: StaticString = "/dev/console"
    for _ in 0..<3 {
      // SAFETY: the text has so many bytes.
      let path = unsafe Span(_unsafeStart: console.utf8Start, count: console.utf8CodeUnitCount)
      _ = try files.tree.open(path, OpenFlags.readWrite, mode: 0, for: files.caller(process))
    }
    // The thread of the kernel that runs this becomes the program's: its stack has room for a frame at the top.
    try becomeProgram(thread, &list, nameStart: nameStart)
  }

  private static var nativeClass: ExecutableClass {
    #if arch(i386)
      .bits32
    #else
      .bits64
    #endif
  }

  /// Makes the running thread of the kernel the first of a program, and goes on there.
  private func becomeProgram(
    _ thread: ProgramThreadReference, _ list: inout ProgramArguments, nameStart: Int
  ) throws(ErrorNumber) {
    var registers = TrapFrame()
    #if arch(i386)
      (registers.cs, registers.eflags) = (UInt32(Selectors32.userCode), 0x202)
    #else
      (registers.cs, registers.rflags) = (UInt64(Selectors64.userCode64), 0x202)
    #endif
    let created: ThreadReference
    do {
      // SAFETY: the record lives until its thread has ended; the frame is copied.
      created = try unsafe Threads.createProgram(
        system.threadName, level: Self.level, space: thread.fields.process.fields.space.root,
        registers: &registers,
        record: thread.context)
    } catch { throw .outOfMemory }
    thread.fields.thread = created
    // It is less urgent than we are and has not run yet: its frame is made for the program.
    try execute(&list, nameStart: nameStart, by: thread)
  }
}
