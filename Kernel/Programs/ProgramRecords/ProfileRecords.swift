/// What a process's calls cost, for the host: with `profile=on`.
///
/// A process has a record from its beginning to its end, whatever programs it runs, and gives it away in lines on the
/// debug port (`ProfileChannel`). Where the heap has no room a call is not counted, and the end says how many were not.

import ABI
import Arch
import Base
import CMachine
import CallProfile
import LinuxABI
import Log
import Processes
import Runtime
import Scheduling
import SystemCalls

/// Records of calls by process.
public enum ProfileRecords {
  /// Gives a new process a record, if calls are recorded.
  package static func begin(_ process: ProcessReference) {
    guard Programs().system.isProfiling, let place = KernelHeap.tryAllocate(MemoryLayout<CallRecords>.size),
      let record = unsafe UnsafeMutablePointer<CallRecords>(bitPattern: place.rawValue)
    else { return }
    // SAFETY: the heap has just given the memory.
    unsafe record.initialize(to: CallRecords())
    process.fields.profile = place.rawValue
  }

  private static func record(of process: ProcessReference) -> UnsafeMutablePointer<CallRecords>? {
    unsafe UnsafeMutablePointer(bitPattern: process.fields.profile)
  }

  /// Gives a record back.
  package static func drop(_ process: ProcessReference) {
    guard let record = unsafe record(of: process) else { return }
    // SAFETY: `begin` has made it, and the process names it no more.
    unsafe record.deinitialize(count: 1)
    KernelHeap.free(VirtualAddress(process.fields.profile))
    process.fields.profile = 0
  }

  /// The ticks that a thread has run so far.
  @inline(never)
  public static func runTicks() -> UInt64 { Threads.current.runTicks(isCurrent: true, at: cpu_rdtsc()) }

  /// Counts a call.
  ///
  /// - Parameters:
  ///   - number: its number, of the process's own interface.
  ///   - start: what `runTicks` said before the call.
  ///   - result: its answer; of a call that moves bytes, how many.
  @inline(never)
  public static func note(
    _ process: ProcessReference, _ call: SystemCall, number: UInt, start: UInt64, _ result: Int
  ) {
    let ticks = runTicks() &- start
    let bytes = movesBytes(call) && result > 0 ? UInt64(result) : 0
    guard let record = unsafe record(of: process),
      // SAFETY: the process's own record, which lives until it has ended.
      unsafe record.pointee.note(UInt16(clamping: number), ticks: ticks, bytes: bytes)
    else {
      Programs().system.unrecordedCalls += 1
      return
    }
    unsafe record.pointee.threads = max(record.pointee.threads, process.fields.threadCount)
  }

  /// Whether a call's answer is a number of bytes that went from or to the program.
  private static func movesBytes(_ call: SystemCall) -> Bool {
    switch call {
    case .read, .write, .readv, .writev, .pread64, .pwrite64, .preadv, .pwritev, .sendfile, .sendfile64,
      .getdents, .getdents64, .readlink, .readlinkat, .getcwd, .getrandom, .copy_file_range, .splice:
      true
    default: false
    }
  }

  // MARK: - Telling the host

  /// Tells what the calls of a process that has ended have cost.
  package static func finish(_ process: ProcessReference) {
    guard let record = unsafe record(of: process) else { return }
    var ticks = process.fields.endedTicks
    var next = process.fields.firstThread
    while let thread = next {
      if let running = thread.fields.thread {
        ticks &+= running.runTicks(isCurrent: running == Threads.current, at: cpu_rdtsc())
      }
      next = thread.fields.next
    }
    var line: Text = "process "
    let number = UInt64(UInt32(bitPattern: process.fields.number))
    line.append(decimal: number)
    // SAFETY: the process's own record.
    line.append(contentsOf: " \(UInt32(unsafe record.pointee.threads)) \(ticks) ")
    for index in 0..<15 where process.fields.name[index] != 0 {
      let byte = process.fields.name[index]
      line.append(byte: byte > 0x20 && byte < 0x7F ? byte : UInt8(ascii: "?"))
    }
    if process.fields.name[0] == 0 { line.append("?") }
    show(line)
    for index in 0..<(unsafe record.pointee.count) {
      unsafe record.pointee.withEntry(index) { call in
        var line: Text = "call "
        line.append(decimal: number)
        line.append(" ")
        let length = line.count
        SystemCallNames.forEachByte(number: Int(call.number), isI386: process.fields.abi == .i386) {
          line.append(byte: $0)
        }
        if line.count == length { line.append(contentsOf: "call-\(UInt32(call.number))") }
        line.append(
          contentsOf: " \(call.count) \(call.ticks) \(call.least) \(call.median()) \(call.most) \(call.bytes)"
        )
        show(line)
      }
    }
    drop(process)
  }

  /// Tells the same of all processes that there are, and that this is all.
  package static func writeAll() {
    let programs = Programs()
    guard programs.system.isProfiling else { return }
    var number: Int32 = 0
    while let next = programs.system.processes.nextProcess(after: number) {
      number = next
      if let process = programs.process(next) { finish(process) }
    }
    show("end \(NodeReference().node.clock.ticksPerMillisecond) \(programs.system.unrecordedCalls)")
  }

  private static func show(_ line: Text) {
    var record: Text = "\n"
    record.append(ProfileChannel.recordPrefix)
    for index in 0..<record.count { cpu_out8(VerdictChannel.debugConsolePort, record[index]) }
    for index in 0..<line.count { cpu_out8(VerdictChannel.debugConsolePort, line[index]) }
    cpu_out8(VerdictChannel.debugConsolePort, 0x0A)
  }
}
