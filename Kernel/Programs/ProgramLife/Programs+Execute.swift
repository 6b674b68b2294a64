/// Running a program from a file.
///
/// Everything that can be refused is found out before the old program is given up: the file, its headers, its
/// arguments, memory for the new space. After that there is only success, or the end of the process.

import AddressSpace
import Arch
import Base
import CMachine
import Executable
import FileSystem
import FileSystemFormat
import LinuxABI
import Log
import Processes
import ProgramFiles
import ProgramRecords
import ProgramSignals
import ProgramStack
import Randomness
import Regions
import Runtime
import Scheduling
import UserMemory
import VirtualFileSystem

extension Programs {
  /// The call `execve`; does not come back to the old program if it succeeds.
  @export(interface)
  public func execute(
    _ path: UInt, _ arguments: UInt, _ environment: UInt, by thread: ProgramThreadReference
  ) throws(ErrorNumber) {
    let process = thread.fields.process
    let files = ProgramFiles()
    guard var list = ProgramArguments() else { throw .outOfMemory }
    let argumentCount = try list.append(list: arguments, process.fields.abi)
    let environmentCount = try list.append(list: environment, process.fields.abi)
    list.strings.counts = ProgramStrings(argumentCount: argumentCount, environmentCount: environmentCount)
    let name = try files.path(path, 0)
    let nameStart = list.count
    try list.append(name)
    try execute(&list, nameStart: nameStart, by: thread)
  }

  /// Runs what the last string names.
  @inline(never)
  func execute(
    _ list: inout ProgramArguments, nameStart: Int, by thread: ProgramThreadReference
  ) throws(ErrorNumber) {
    let process = thread.fields.process
    let files = ProgramFiles()
    var nameStart = nameStart
    for _ in 0..<5 {
      let node = try find(list, nameStart, for: process)
      let information = try files.tree.information(of: node)
      guard FileMode(rawValue: information.mode).kind == .regular else { throw .accessDenied }
      guard var head = HeapBytes(4096) else { throw .outOfMemory }
      let count = try Self.read(node, into: &head)
      if ScriptLine.begins(head.bytes.extracting(0..<count)) {
        nameStart = try interpret(&list, nameStart, head.bytes.extracting(0..<count))
        continue
      }
      try load(&list, nameStart, node, information.size, head.bytes.extracting(0..<count), by: thread)
      return
    }
    throw .tooManySymbolicLinks
  }

  /// The file with the name at the end of a list; it must be one that may be executed.
  @inline(never)
  private func find(
    _ list: borrowing ProgramArguments, _ nameStart: Int, for process: ProcessReference
  ) throws(ErrorNumber) -> FileNode {
    let files = ProgramFiles()
    let name = list.strings.bytes.extracting(nameStart..<(list.count - 1))
    guard name.count > 0 else { throw .noSuchFile }
    let node = try files.tree.node(name, for: files.caller(process))
    try files.checkAccess(node, 1)
    return node
  }

  /// Reads the beginning of a file.
  @inline(never)
  private static func read(_ node: FileNode, into head: inout HeapBytes) throws(ErrorNumber) -> Int {
    var span = head.mutableBytes
    return try ProgramFiles().tree.read(node, at: 0, into: &span)
  }

  /// Puts the interpreter that a script names before its arguments.
  ///
  /// - Returns: where the new name begins.
  @inline(never)
  private func interpret(
    _ list: inout ProgramArguments, _ nameStart: Int, _ head: Span<UInt8>
  ) throws(ErrorNumber) -> Int {
    guard let line = ScriptLine(head) else { throw .notExecutable }
    guard var new = ProgramArguments() else { throw .outOfMemory }
    let start: Int
    do throws(ProgramStackError) {
      start = try new.strings.append(line, of: head, running: list.strings, nameStart: nameStart)
    } catch { throw .argumentListTooLong }
    list = new
    return start
  }

  /// Loads an ELF file and goes on in it.
  @inline(never)
  private func load(
    _ list: inout ProgramArguments, _ nameStart: Int, _ node: FileNode, _ size: UInt64, _ head: Span<UInt8>,
    by thread: ProgramThreadReference
  ) throws(ErrorNumber) {
    let process = thread.fields.process
    let plan: LoadPlan
    let header: ExecutableHeader
    do throws(ExecutableError) {
      #if arch(i386)
        header = try ExecutableHeader(head, fileSize: size, classes: .bits32)
      #else
        header = try ExecutableHeader(head, fileSize: size, classes: [.bits32, .bits64])
      #endif
      let layout = Self.layout(header.fileClass)
      guard header.tableOffset <= UInt64(head.count),
        UInt64(header.tableSize) <= UInt64(head.count) - header.tableOffset
      else { throw ExecutableError(.programHeaderOffset, value: header.tableOffset) }
      plan = try LoadPlan(
        header,
        table: head.extracting(Int(header.tableOffset)..<(Int(header.tableOffset) + header.tableSize)),
        fileSize: size, lowest: UInt64(layout.lowest), limit: UInt64(layout.limit))
    } catch {
      if error.reason != .magic, error.reason != .tooShort {
        log(
          .debug, "programs",
          "process \(process.fields.number): not run: \(error.reason.sentence) (\(hexadecimal: error.value))")
      }
      throw .notExecutable
    }
    let layout = Self.layout(header.fileClass)
    let space: SpaceReference
    do throws(SpaceError) { space = SpaceReference(try UserMemory.makeSpace(layout)) } catch {
      throw .outOfMemory
    }
    let bias = plan.isPositionIndependent ? UInt64(layout.programBase) : 0
    let start: UInt64
    var callEntry: UInt = 0
    do throws(ErrorNumber) {
      try mapSegments(plan, node, bias, in: space)
      start = try makeStack(plan, bias, list, in: space, thread, &callEntry)
    } catch {
      space.release()
      throw error
    }
    do throws(ErrorNumber) { try endOthers(thread) } catch {
      space.release()
      throw error
    }
    // From here on the old program is gone.
    closePorts(of: process)
    dropTimers(of: process)
    replace(process, thread, by: space, header.fileClass == .bits32 ? .i386 : .x86_64)
    thread.fields.context.sysenterReturn = callEntry == 0 ? 0 : callEntry + CallPage.returnOffset
    // The strings lie at the top of the stack, in the order of the list, below a word of zeros.
    let strings = layout.stackTop - 8 - UInt(list.count)
    process.fields.arguments = (strings, strings + UInt(list.strings.argumentBytes))
    note(list, nameStart, node, process)
    enter(thread, at: plan.entry &+ bias, stack: start)
  }

  static func layout(_ fileClass: ExecutableClass) -> UserLayout {
    #if arch(i386)
      return .i386
    #else
      return fileClass == .bits32 ? .i386 : .x86_64
    #endif
  }

  /// Maps what the plan says.
  @inline(never)
  private func mapSegments(
    _ plan: LoadPlan, _ node: FileNode, _ bias: UInt64, in space: SpaceReference
  ) throws(ErrorNumber) {
    for index in 0..<plan.segmentCount {
      let segment = plan.segment(index)
      do throws(SpaceError) {
        if segment.endOfFilePages > segment.firstPage {
          _ = try UserMemory.map(
            MapRequest(
              UInt(segment.endOfFilePages - segment.firstPage) << 12,
              at: UInt(segment.firstPage << 12 &+ bias), .fixed,
              RegionContent(segment.access, file: node.rawValue, page: segment.filePage, end: segment.fileEnd)
            ),
            in: &space.space)
        }
        if segment.endPage > segment.endOfFilePages {
          _ = try UserMemory.map(
            MapRequest(
              UInt(segment.endPage - segment.endOfFilePages) << 12,
              at: UInt(segment.endOfFilePages << 12 &+ bias), .fixed,
              RegionContent(segment.access)), in: &space.space)
        }
      } catch { throw ErrorNumber(error) }
    }
    space.space.startBreak(at: UInt(plan.endPage << 12 &+ bias))
  }

  /// Makes the stack with arguments and what the kernel tells; returns the stack pointer.
  @inline(never)
  private func makeStack(
    _ plan: LoadPlan, _ bias: UInt64, _ list: borrowing ProgramArguments, in space: SpaceReference,
    _ thread: ProgramThreadReference, _ callEntry: inout UInt
  ) throws(ErrorNumber) -> UInt64 {
    let process = thread.fields.process
    var vector = AuxiliaryVector()
    vector.programHeaders = plan.programHeaders == 0 ? 0 : plan.programHeaders &+ bias
    vector.programHeaderSize = UInt64(plan.fileClass.programHeaderSize)
    vector.programHeaderCount = UInt64(plan.programHeaderCount)
    vector.entry = plan.entry &+ bias
    vector.user = UInt64(process.fields.credentials.user)
    vector.group = UInt64(process.fields.credentials.group)
    vector.processor = UInt64(cpu_cpuid(1, 0).edx)
    do throws(SpaceError) {
      try UserMemory.mapStack(in: &space.space)
      if plan.fileClass == .bits32, let page = CallPage.frame {
        callEntry = try UserMemory.mapKernelPage(page, in: &space.space)
        vector.callEntry = UInt64(callEntry)
      }
    } catch { throw ErrorNumber(error) }
    let files = ProgramFiles()
    let random = (files.tree.random.next(), files.tree.random.next())
    var memory = StackMemory(space: space)
    do throws(ProgramStackError) {
      let stack = try ProgramStack(
        word: plan.fileClass == .bits32 ? .bits32 : .bits64, top: UInt64(space.space.layout.stackTop),
        strings: list.strings.counts, byteCount: list.count)
      try stack.write(list.strings.bytes, vector, random: random, to: &memory)
      return stack.pointer
    } catch {
      throw error == .tooBig ? .argumentListTooLong : .outOfMemory
    }
  }
}

/// The stack of a program that does not run yet.
private struct StackMemory: ProgramStackMemory, ~Copyable {
  let space: SpaceReference
  mutating func write(_ bytes: Span<UInt8>, at address: UInt64) -> Bool {
    space.write(bytes, at: UInt(truncatingIfNeeded: address))
  }
}
