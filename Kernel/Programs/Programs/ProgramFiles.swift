/// The tree of files on this node: where its memory is, what is mounted, and who waits for it.

import Arch
import Base
import BootInformation
import Clocks
import FileSystem
import FileSystemFormat
import FrameAllocator
import LinuxABI
import Log
import Mounts
import Processes
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
    let limit = process.fields.limits.soft[7]
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

/// What processes do with tables of descriptors and places.
enum Files {
  private static var tree: ProgramFiles { ProgramFiles() }

  static func share(_ files: FilesIndex) -> FilesIndex {
    tree.tree.shareFiles(files)
    return files
  }
  static func copy(_ files: FilesIndex) throws(ErrorNumber) -> FilesIndex { try tree.tree.copyFiles(files) }
  static func release(_ files: FilesIndex) {
    tree.tree.releaseFiles(files)
    tree.wakeWaiters()
  }
  static func share(_ place: PlaceIndex) -> PlaceIndex {
    tree.tree.sharePlace(place)
    return place
  }
  static func copy(_ place: PlaceIndex) throws(ErrorNumber) -> PlaceIndex { try tree.tree.copyPlace(place) }
  static func release(_ place: PlaceIndex) { tree.tree.releasePlace(place) }

  /// Lets /proc show a new process.
  static func note(_ process: ProcessReference, executableOf old: ProcessReference) {
    tree.tree.addProcess(tree.caller(process))
    tree.tree.copyExecutable(fromProcess: UInt32(old.fields.number), to: UInt32(process.fields.number))
  }

  /// A process has ended and is a zombie.
  static func end(_ process: ProcessReference) { tree.tree.endProcess(UInt32(process.fields.number)) }

  /// Nobody waits for a process any more: its number may be another's soon.
  static func forget(_ number: Int32) { tree.tree.removeProcess(UInt32(number)) }

  /// Takes a session's terminal away.
  static func hangUp(session: Int32) {
    guard let group = tree.tree.endSession(UInt32(session)) else { return }
    Programs().send(
      .hangUp, SignalInformation(code: SignalInformation.kernelCode), toGroup: Int32(group))
    Programs().send(.goOn, SignalInformation(code: SignalInformation.kernelCode), toGroup: Int32(group))
  }

  /// The last that is done with files.
  static func finish() {
    Console.show()
    tree.clearTails()
    Mounts.finish(&tree.tree)
  }
}
