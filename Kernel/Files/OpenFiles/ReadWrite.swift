/// Reading and writing what is open.

import FileSystem
import FileSystemFormat
import LinuxABI
import Randomness
import Streams
import VirtualFileSystem

extension VirtualFileSystem {
  // MARK: - Reading

  /// The call `read`: into `buffer` from its start on.
  ///
  /// - Parameter hasTimedOut: whether a wait that an earlier answer limited has ended by time.
  @export(interface)
  public mutating func read(
    _ number: Int32, into buffer: inout MutableSpan<UInt8>, hasTimedOut: Bool = false, for caller: FileCaller
  ) throws(ErrorNumber) -> FileOutcome {
    let index = try description(number, of: caller.files)
    guard openFiles[index].flags.isReadable else { throw .badDescriptor }
    switch openFiles[index].kind {
    case .regular:
      let count = try readFile(
        openFiles[index].node, at: openFiles[index].position, into: &buffer, openFiles[index].flags,
        caller.now)
      openFiles[index].position += UInt64(count)
      return .done(count)
    case .pipe: return try readPipe(index, into: &buffer)
    case .terminal: return try readTerminal(index, into: &buffer, hasTimedOut, for: caller)
    case .text:
      guard let source = textSource(of: openFiles[index].node) else { throw .inputOutput }
      return .text(source, position: openFiles[index].position)
    case .directory: throw .isDirectory
    default: return .done(readDevice(openFiles[index].kind, into: &buffer))
    }
  }

  /// The call `pread`.
  @export(interface)
  public mutating func read(
    _ number: Int32, at position: UInt64, into buffer: inout MutableSpan<UInt8>, for caller: FileCaller
  ) throws(ErrorNumber) -> FileOutcome {
    let file = try openFile(number, of: caller.files)
    guard file.flags.isReadable else { throw .badDescriptor }
    guard position <= UInt64(Int64.max) else { throw .invalidArgument }
    switch file.kind {
    case .regular: return .done(try readFile(file.node, at: position, into: &buffer, file.flags, caller.now))
    case .pipe, .terminal: throw .illegalSeek
    case .text:
      guard let source = textSource(of: file.node) else { throw .inputOutput }
      return .text(source, position: position)
    case .directory: throw .isDirectory
    default: return .done(readDevice(file.kind, into: &buffer))
    }
  }

  /// Moves a text's position on after the kernel has handed out `count` bytes for a `read`.
  @export(interface)
  public mutating func didRead(_ number: Int32, _ count: Int, for caller: FileCaller) {
    guard let index = try? description(number, of: caller.files) else { return }
    openFiles[index].position += UInt64(max(count, 0))
  }

  private mutating func readFile(
    _ node: FileNode, at position: UInt64, into buffer: inout MutableSpan<UInt8>, _ flags: OpenFlags,
    _ now: Timestamp
  ) throws(ErrorNumber) -> Int {
    do throws(FileSystemError) {
      let count = try self[disk: node.mount].read(node.inode, at: position, into: &buffer)
      if !flags.contains(.noAccessTime) { try self[disk: node.mount].touchAccessed(node.inode, at: now) }
      return count
    } catch {
      throw note(error, on: node.mount)
    }
  }

  private mutating func readPipe(
    _ index: Int, into buffer: inout MutableSpan<UInt8>
  ) throws(ErrorNumber) -> FileOutcome {
    let stream = Int(openFiles[index].stream)
    switch pipes[stream].pipe.read(into: &buffer, pool: &pool) {
    case .read(let count):
      if count > 0 { wakeups.insert(writeChannel(ofPipe: stream)) }
      return .done(count)
    case .ended: return .done(0)
    case .empty:
      guard !openFiles[index].flags.contains(.nonBlocking) else { throw .tryAgain }
      return .wait(readChannel(ofPipe: stream), tenths: 0)
    }
  }

  private mutating func readDevice(_ kind: OpenKind, into buffer: inout MutableSpan<UInt8>) -> Int {
    switch kind {
    case .zero, .full:
      for index in buffer.indices { buffer[index] = 0 }
      return buffer.count
    case .random:
      random.fill(&buffer)
      return buffer.count
    default: return 0
    }
  }

  /// Which text a file of `/proc` or a device is.
  func textSource(of node: FileNode) -> TextSource? {
    guard node.mount < Self.mountCapacity else { return nil }
    if mounts[node.mount].kind != .processes { return TextSource(entry: .memoryStatistics, process: 0) }
    guard let entry = ProcessNode(number: node.number) else { return nil }
    return TextSource(entry: entry.entry, process: entry.process)
  }

  // MARK: - Writing

  /// The call `write`: all of `bytes`, or as many as are possible now.
  ///
  /// `EPIPE` is the caller's to answer with SIGPIPE.
  @export(interface)
  public mutating func write(
    _ number: Int32, _ bytes: Span<UInt8>, for caller: FileCaller
  ) throws(ErrorNumber) -> FileOutcome {
    let index = try description(number, of: caller.files)
    guard openFiles[index].flags.isWritable else { throw .badDescriptor }
    switch openFiles[index].kind {
    case .regular:
      var position = openFiles[index].position
      if openFiles[index].flags.contains(.append) {
        position = try size(of: openFiles[index].node)
      }
      let count = try writeFile(openFiles[index].node, at: position, bytes, caller.now)
      openFiles[index].position = position + UInt64(count)
      return .done(count)
    case .pipe: return try writePipe(index, bytes)
    case .terminal: return try writeTerminal(index, bytes, for: caller)
    case .full: throw .noSpace
    case .text: return try command(for: openFiles[index].node)
    case .units, .directory, .place: throw .badDescriptor
    case .null, .zero, .random: return .done(bytes.count)
    }
  }

  /// The call `pwrite`.
  @export(interface)
  public mutating func write(
    _ number: Int32, at position: UInt64, _ bytes: Span<UInt8>, for caller: FileCaller
  ) throws(ErrorNumber) -> FileOutcome {
    let file = try openFile(number, of: caller.files)
    guard file.flags.isWritable else { throw .badDescriptor }
    guard position <= UInt64(Int64.max) else { throw .invalidArgument }
    switch file.kind {
    case .regular:
      // As on Linux, what is opened for appending is appended to wherever the caller points.
      let place = file.flags.contains(.append) ? try size(of: file.node) : position
      return .done(try writeFile(file.node, at: place, bytes, caller.now))
    case .pipe, .terminal: throw .illegalSeek
    case .full: throw .noSpace
    case .text: return try command(for: file.node)
    case .units, .directory, .place: throw .badDescriptor
    case .null, .zero, .random: return .done(bytes.count)
    }
  }

  private func command(for node: FileNode) throws(ErrorNumber) -> FileOutcome {
    guard let source = textSource(of: node), source.entry.takesCommands else { throw .badDescriptor }
    return .command(source)
  }

  private mutating func size(of node: FileNode) throws(ErrorNumber) -> UInt64 {
    try onDisk(node.mount) { disk throws(FileSystemError) in try disk.status(of: node.inode).size }
  }

  private mutating func writeFile(
    _ node: FileNode, at position: UInt64, _ bytes: Span<UInt8>, _ now: Timestamp
  ) throws(ErrorNumber) -> Int {
    do throws(FileSystemError) {
      if sharedCount > 0 { try self[disk: node.mount].clearTail(of: node.inode) }
      return try self[disk: node.mount].write(bytes, to: node.inode, at: position, now: now)
    } catch {
      throw note(error, on: node.mount)
    }
  }

  private mutating func writePipe(_ index: Int, _ bytes: Span<UInt8>) throws(ErrorNumber) -> FileOutcome {
    let stream = Int(openFiles[index].stream)
    switch pipes[stream].pipe.write(bytes, pool: &pool) {
    case .wrote(let count):
      if count > 0 { wakeups.insert(readChannel(ofPipe: stream)) }
      return .done(count)
    case .broken: throw .brokenPipe
    case .full:
      guard !openFiles[index].flags.contains(.nonBlocking) else { throw .tryAgain }
      return .wait(writeChannel(ofPipe: stream), tenths: 0)
    }
  }

  // MARK: - Positions and sizes

  /// The call `lseek`.
  @export(interface)
  public mutating func seek(
    _ number: Int32, _ offset: Int64, from origin: SeekOrigin, for caller: FileCaller
  ) throws(ErrorNumber) -> UInt64 {
    let index = try description(number, of: caller.files)
    let file = openFiles[index]
    switch file.kind {
    case .pipe, .terminal: throw .illegalSeek
    case .null, .zero, .full, .random, .units: return 0
    case .place: throw .badDescriptor
    case .regular, .directory, .text: break
    }
    let size = file.kind == .regular ? Int64(try self.size(of: file.node)) : 0
    var base: Int64 = 0
    switch origin {
    case .start: base = 0
    case .current: base = Int64(bitPattern: file.position)
    case .end: base = size
    case .data, .hole:
      // Every file may be said to have no holes but the one behind its end.
      guard offset >= 0, offset < size else { throw .noSuchDeviceOrAddress }
      if origin == .hole { return try setPosition(size, of: index) }
    }
    let (position, overflow) = base.addingReportingOverflow(offset)
    guard !overflow else { throw .overflow }
    return try setPosition(position, of: index)
  }

  private mutating func setPosition(_ position: Int64, of index: Int) throws(ErrorNumber) -> UInt64 {
    guard position >= 0 else { throw .invalidArgument }
    openFiles[index].position = UInt64(position)
    return UInt64(position)
  }

  /// The call `ftruncate`.
  @export(interface)
  public mutating func truncate(_ number: Int32, to size: UInt64, for caller: FileCaller) throws(ErrorNumber)
  {
    let file = try openFile(number, of: caller.files)
    guard file.kind == .regular, file.flags.isWritable else { throw .invalidArgument }
    try truncate(file.node, to: size, for: caller)
  }

  /// The call `truncate`, for a file that `node` has found.
  @export(interface)
  public mutating func truncate(_ node: FileNode, to size: UInt64, for caller: FileCaller) throws(ErrorNumber)
  {
    guard size <= UInt64(Int64.max) else { throw .invalidArgument }
    try cut(node, to: size, for: caller)
  }
}
