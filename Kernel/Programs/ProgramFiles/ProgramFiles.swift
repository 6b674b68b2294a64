/// The tree of files on this node, as programs have it: where its memory is, and who waits for it.
///
/// `VirtualFileSystem` has the rules and knows no processes, threads or devices; this module says whose the descriptors
/// are, wakes the threads that wait, shows what the console's terminal has, takes pages from programs when a file gets
/// shorter, and writes the texts of `/proc`. It protects the one buffer through which bytes go between files and
/// programs: it is a call's own until the call waits.

import Arch
import Base
import FileSystem
import FileSystemFormat
import FrameAllocator
import LinuxABI
import Processes
import ProgramRecords
import Runtime
import Scheduling
import Signals
import UserMemory
import VirtualFileSystem

/// A part of the node; its place is in `Node.files`.
@safe struct FilesRecord: ~Copyable {
  var tree: VirtualFileSystem
  /// A buffer for what goes between files and programs, and two for paths.
  let buffer: UnsafeMutablePointer<UInt8>

  init(_ tree: consuming VirtualFileSystem, buffer: UnsafeMutablePointer<UInt8>) {
    self.tree = tree
    unsafe self.buffer = buffer
  }
}

/// The files of this node; `start` must have been called.
@safe public struct ProgramFiles {
  private let pointer: UnsafeMutablePointer<FilesRecord>

  /// Refers to the files.
  @inline(__always)
  public init() {
    guard let pointer = unsafe UnsafeMutablePointer<FilesRecord>(bitPattern: NodeReference().node.files)
    else { preconditionFailure("there are no files yet") }
    unsafe self.pointer = pointer
  }

  /// Takes memory for the tree, which is empty then; once.
  ///
  /// - Returns: whether there was enough.
  @export(interface)
  public static func start() -> Bool {
    let count = VirtualFileSystem.byteCount(for: FileLimits())
    guard let memory = unsafe takeRun(count),
      let buffer = unsafe takeRun(bufferSize + 2 * pathSize)
    else { return false }
    let place = KernelHeap.allocate(MemoryLayout<FilesRecord>.size)
    guard let record = unsafe UnsafeMutablePointer<FilesRecord>(bitPattern: place.rawValue) else {
      return false
    }
    // SAFETY: the runs were taken for the tree and its buffer alone, and the heap has just given the record.
    unsafe record.initialize(
      to: FilesRecord(VirtualFileSystem(at: memory), buffer: buffer.assumingMemoryBound(to: UInt8.self)))
    NodeReference().node.files = place.rawValue
    return true
  }

  /// Frames in a row, as the kernel sees them.
  private static func takeRun(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let frames = UInt32((byteCount + pageSize - 1) / pageSize)
    guard let run = try? NodeReference().node.frames.allocateRun(frames, for: .file) else { return nil }
    return unsafe UnsafeMutableRawPointer(bitPattern: Frames.address(of: run.start).rawValue)
  }

  /// The tree, in place.
  public var tree: VirtualFileSystem {
    // SAFETY: the record was made at start-up and stays for ever.
    @inline(__always) _read { yield unsafe pointer.pointee.tree }
    @inline(__always) nonmutating _modify { yield unsafe &pointer.pointee.tree }
  }

  // MARK: - Buffers

  /// Bytes of the buffer: a call moves no more at a time.
  public static var bufferSize: Int { 65_536 }
  /// Bytes of a path with its end.
  public static var pathSize: Int { 4096 }

  /// The buffer, to be written; it is the caller's until it waits.
  @_lifetime(immortal)
  public func buffer(_ count: Int) -> MutableSpan<UInt8> {
    precondition(count >= 0 && count <= Self.bufferSize)
    // SAFETY: the memory stays for ever; calls are not preempted, so one of them uses it at a time.
    let span = unsafe MutableSpan(_unsafeStart: pointer.pointee.buffer, count: count)
    return unsafe _overrideLifetime(span, copying: ())
  }

  /// What is in the buffer.
  @_lifetime(immortal)
  public func buffered(_ count: Int) -> Span<UInt8> {
    precondition(count >= 0 && count <= Self.bufferSize)
    // SAFETY: as above.
    let span = unsafe Span(_unsafeStart: UnsafePointer(pointer.pointee.buffer), count: count)
    return unsafe _overrideLifetime(span, copying: ())
  }

  /// Keeps what is in the buffer.
  public func copyBuffer(to bytes: inout HeapBytes, _ count: Int) {
    let source = buffered(count)
    var span = bytes.mutableBytes
    for index in 0..<count { span[index] = source[index] }
  }

  /// Puts bytes back into the buffer.
  public func fill(from bytes: Span<UInt8>) {
    var buffer = buffer(bytes.count)
    for index in bytes.indices { buffer[index] = bytes[index] }
  }

  /// A path that a program gives, in one of two places of the kernel.
  @_lifetime(immortal)
  public func path(_ address: UInt, _ slot: Int) throws(ErrorNumber) -> Span<UInt8> {
    precondition(slot >= 0 && slot < 2)
    let place = unsafe pointer.pointee.buffer + (Self.bufferSize + slot * Self.pathSize)
    // SAFETY: the buffer has room for two paths behind it.
    let outcome = unsafe UserCopy.string(
      UnsafeMutableRawPointer(place), capacity: UInt(Self.pathSize), from: address)
    switch outcome {
    case .length(let count):
      // SAFETY: so many bytes were written.
      let span = unsafe Span(_unsafeStart: UnsafePointer(place), count: Int(count))
      return unsafe _overrideLifetime(span, copying: ())
    case .tooLong: throw .nameTooLong
    case .fault: throw .badAddress
    }
  }

  // MARK: - Callers

  /// A process as the tree knows it.
  public func caller(_ process: ProcessReference) -> FileCaller {
    let programs = Programs()
    let number = process.fields.number
    let (group, session) = (try? programs.system.processes.groupAndSession(of: number)) ?? (0, 0)
    var caller = FileCaller(
      files: process.fields.files, place: process.fields.place, process: UInt32(number), group: UInt32(group),
      session: UInt32(session), now: Self.now)
    let limit = process.fields.limits.soft[ResourceLimit.descriptors]
    if limit < UInt64(caller.descriptorLimit) { caller.descriptorLimit = Int(limit) }
    let mask = process.fields.firstThread.map { $0.fields.mask } ?? .max
    let ignored = process.fields.actions.ignored | mask
    caller.ignoresInputSignal = ignored & SignalNumber.terminalInput.mask != 0
    caller.ignoresOutputSignal = ignored & SignalNumber.terminalOutput.mask != 0
    return caller
  }

  /// The time of day as files note it, exact to the clock's nanosecond.
  ///
  /// The second is remembered, so that a division is made once in it and not for every call.
  public static var now: Timestamp {
    let programs = Programs()
    let time = programs.timeOfDay
    let second = programs.system.fileSecond
    let part = time &- second.start
    guard part < 1_000_000_000 else { return beginSecond(at: time) }
    return Timestamp(seconds: Int64(second.seconds), nanoseconds: UInt32(truncatingIfNeeded: part))
  }

  @inline(never)
  private static func beginSecond(at time: UInt64) -> Timestamp {
    let (seconds, part) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
    Programs().system.fileSecond = FileSecond(seconds: seconds, start: time &- part)
    return Timestamp(seconds: Int64(seconds), nanoseconds: UInt32(part))
  }

  /// Whether a file may be used so.
  public func checkAccess(_ node: FileNode, _ bits: UInt32) throws(ErrorNumber) {
    try tree.checkAccess(node, FileAccess(rawValue: UInt16(bits)))
  }

  /// After an operation: wakes who waits for what it has brought about, and shows what the console's terminal has.
  public func wakeWaiters() {
    let programs = Programs()
    var isAny = false
    while let channel = tree.nextWakeup() {
      programs.wakeAll(programs.queue(of: channel))
      isAny = true
    }
    if isAny { programs.wakeAll(programs.anyFile) }
    Console.show()
    // Room that output has left wakes those who wait to write.
    while let channel = tree.nextWakeup() { programs.wakeAll(programs.queue(of: channel)) }
  }
}
