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
import ProgramStack
import Randomness
import Regions
import Runtime
import Scheduling
import Signals
import UserMemory
import VirtualFileSystem
import X86

/// Arguments, environment and the file's name, collected in the kernel's memory.
public struct ProgramArguments: ~Copyable {
  var bytes: HeapBytes
  var count = 0
  var strings = ProgramStrings(argumentCount: 0, environmentCount: 0)

  /// The most bytes of all strings.
  public static var limit: Int { ProgramStack.usualLimit }

  /// Makes an empty list, or `nil` without memory.
  public init?() {
    guard let bytes = HeapBytes(Self.limit) else { return nil }
    self.bytes = bytes
  }

  /// The bytes of the arguments alone.
  var argumentBytes: Int {
    var end = 0
    for _ in 0..<strings.argumentCount {
      while bytes.bytes[end] != 0 { end += 1 }
      end += 1
    }
    return end
  }

  /// Appends a string without its end.
  mutating func append(_ text: Span<UInt8>) throws(ErrorNumber) {
    let start = count
    guard text.count < Self.limit - start else { throw .argumentListTooLong }
    count = start + text.count + 1
    var span = bytes.mutableBytes
    for index in text.indices { span[start + index] = text[index] }
    span[start + text.count] = 0
  }

  /// Appends a fixed text.
  mutating func append(_ text: StaticString) throws(ErrorNumber) {
    // SAFETY: the text has so many bytes.
    try append(unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends the string at an address of the program.
  mutating func append(from address: UInt) throws(ErrorNumber) {
    let room = UInt(Self.limit - count)
    guard room > 0 else { throw .argumentListTooLong }
    // SAFETY: there is room for so many bytes from here on.
    switch unsafe UserCopy.string(bytes.address + count, capacity: room, from: address) {
    case .length(let length): count += Int(length) + 1
    case .tooLong: throw .argumentListTooLong
    case .fault: throw .badAddress
    }
  }

  /// Appends the strings of a list of pointers; returns how many.
  mutating func append(list address: UInt, _ abi: ProgramABI) throws(ErrorNumber) -> Int {
    guard address != 0 else { return 0 }
    var index: UInt = 0
    while true {
      guard let pointer = ProgramMemory.readWord(address &+ index * UInt(abi.wordSize), abi) else {
        throw .badAddress
      }
      if pointer == 0 { return Int(index) }
      try append(from: pointer)
      index += 1
    }
  }
}

/// What is to be run, found and checked.
private struct Candidate: ~Copyable {
  var node: FileNode
  var plan: LoadPlan
  var header: ExecutableHeader
}

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
    list.strings = ProgramStrings(argumentCount: argumentCount, environmentCount: environmentCount)
    let name = try files.path(path, 0)
    let nameStart = list.count
    try list.append(name)
    try execute(&list, nameStart: nameStart, by: thread)
  }

  /// Runs what the last string names.
  @inline(never)
  private func execute(
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
      if count >= 2, head.bytes[0] == UInt8(ascii: "#"), head.bytes[1] == UInt8(ascii: "!") {
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
    let name = list.bytes.bytes.extracting(nameStart..<(list.count - 1))
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
    _ list: inout ProgramArguments, _ nameStart: Int, _ line: Span<UInt8>
  ) throws(ErrorNumber) -> Int {
    var end = 2
    while end < line.count, line[end] != UInt8(ascii: "\n") { end += 1 }
    guard end < line.count || line.count < 256, end <= 256 else { throw .notExecutable }
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    var start = 2
    while start < end, isBlank(line[start]) { start += 1 }
    var stop = start
    while stop < end, !isBlank(line[stop]) { stop += 1 }
    guard stop > start else { throw .notExecutable }
    var optionStart = stop
    while optionStart < end, isBlank(line[optionStart]) { optionStart += 1 }
    var optionEnd = end
    while optionEnd > optionStart, isBlank(line[optionEnd - 1]) { optionEnd -= 1 }
    guard var new = ProgramArguments() else { throw .outOfMemory }
    try new.append(line.extracting(start..<stop))
    var count = 1
    if optionEnd > optionStart {
      try new.append(line.extracting(optionStart..<optionEnd))
      count += 1
    }
    // The script's name takes the place of its first argument.
    try new.append(list.bytes.bytes.extracting(nameStart..<(list.count - 1)))
    count += 1
    var position = 0
    while position < nameStart, list.bytes.bytes[position] != 0 { position += 1 }
    let skipped = list.strings.argumentCount > 0 ? position + 1 : 0
    var index = skipped
    while index < nameStart {
      var last = index
      while list.bytes.bytes[last] != 0 { last += 1 }
      try new.append(list.bytes.bytes.extracting(index..<last))
      index = last + 1
    }
    new.strings = ProgramStrings(
      argumentCount: count + max(0, list.strings.argumentCount - 1),
      environmentCount: list.strings.environmentCount)
    let newStart = new.count
    try new.append(line.extracting(start..<stop))
    list = new
    return newStart
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
    process.fields.arguments = (strings, strings + UInt(list.argumentBytes))
    note(list, nameStart, node, process)
    enter(thread, at: plan.entry &+ bias, stack: start)
  }

  private static func layout(_ fileClass: ExecutableClass) -> UserLayout {
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
        strings: list.strings, byteCount: list.count)
      try stack.write(list.bytes.bytes.extracting(0..<list.count), vector, random: random, to: &memory)
      return stack.pointer
    } catch {
      throw error == .tooBig ? .argumentListTooLong : .outOfMemory
    }
  }

  /// Gives a process its new space; the old one goes, or back to who lent it.
  @inline(never)
  private func replace(
    _ process: ProcessReference, _ thread: ProgramThreadReference, by space: SpaceReference, _ abi: ProgramABI
  ) {
    let old = process.fields.space
    process.fields.space = space
    space.setLimit(process.fields.limits.soft[9])
    space.setStackLimit(process.fields.limits.soft[3])
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
  private func note(
    _ list: borrowing ProgramArguments, _ nameStart: Int, _ node: FileNode, _ process: ProcessReference
  ) {
    let files = ProgramFiles()
    let bytes = list.bytes.bytes
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
  private func enter(_ thread: ProgramThreadReference, at entry: UInt64, stack: UInt64) {
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

  // MARK: - The first process

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

/// The stack of a program that does not run yet.
private struct StackMemory: ProgramStackMemory, ~Copyable {
  let space: SpaceReference
  mutating func write(_ bytes: Span<UInt8>, at address: UInt64) -> Bool {
    space.write(bytes, at: UInt(truncatingIfNeeded: address))
  }
}
