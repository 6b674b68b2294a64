/// Pipes in the tree: with a name or without.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams
import VirtualFileSystem

extension VirtualFileSystem {
  /// The calls `pipe` and `pipe2`.
  ///
  /// - Parameter flags: `.nonBlocking` and `.closeOnExec` count.
  @export(interface)
  public mutating func makePipe(
    _ flags: OpenFlags, for caller: FileCaller
  ) throws(ErrorNumber) -> (read: Int32, write: Int32) {
    let table = Int(caller.files.rawValue)
    let read = try freeDescriptor(from: 0, for: caller)
    let write = try freeDescriptor(from: read + 1, for: caller)
    guard openFiles.count + 2 <= openFiles.capacity else { throw .tooManyOpenFilesInSystem }
    let index = try newPipe(FileNode(mount: FileNode.pipeMount, number: 0))
    let node = FileNode(mount: FileNode.pipeMount, number: UInt64(index))
    pipes[index].node = node
    pipes[index].pipe.readers = 1
    pipes[index].pipe.writers = 1
    let kept = flags.intersection([.nonBlocking, .direct])
    let closeOnExec = flags.contains(.closeOnExec)
    addOpenFile(
      OpenFile(kind: .pipe, flags: kept, node: node, directory: node, stream: UInt16(index)), at: read,
      of: table,
      closeOnExec)
    addOpenFile(
      OpenFile(
        kind: .pipe, flags: kept.union(.writeOnly), node: node, directory: node, stream: UInt16(index)),
      at: write,
      of: table, closeOnExec)
    return (Int32(read), Int32(write))
  }

  /// Makes a description for a free descriptor; the caller has made sure that there is room.
  mutating func addOpenFile(_ file: OpenFile, at number: Int, of table: Int, _ closeOnExec: Bool) {
    guard let index = openFiles.insert(file) else { preconditionFailure("no room for an open file") }
    install(Descriptor(index, closeOnExec: closeOnExec), at: number, of: table)
  }

  /// Makes a pipe that nobody has open.
  mutating func newPipe(_ node: FileNode) throws(ErrorNumber) -> Int {
    guard !pipes.isFull, let pipe = Pipe(pool: &pool) else { throw .tooManyOpenFilesInSystem }
    guard let index = pipes.insert(NamedPipe(pipe: pipe, node: node)) else { throw .tooManyOpenFilesInSystem }
    return index
  }

  /// Takes one opening from a pipe; with the last it goes.
  mutating func closePipe(_ index: Int, _ flags: OpenFlags) {
    if flags.isReadable { pipes[index].pipe.readers -= 1 }
    if flags.isWritable { pipes[index].pipe.writers -= 1 }
    if pipes[index].pipe.readers == 0, pipes[index].pipe.writers == 0 {
      pipes[index].pipe.destroy(pool: &pool)
      pipes.remove(index)
      return
    }
    // The other side has something to learn: the end, or that nobody reads.
    if pipes[index].pipe.writers == 0 { wakeups.insert(readChannel(ofPipe: index)) }
    if pipes[index].pipe.readers == 0 { wakeups.insert(writeChannel(ofPipe: index)) }
  }

  /// Opens a pipe that a file names: the one that is open already, or a new one.
  mutating func openNamedPipe(_ node: FileNode, _ flags: OpenFlags) throws(ErrorNumber) -> Int {
    var index: Int?
    for candidate in 0..<pipes.end where pipes.contains(candidate) && pipes[candidate].node == node {
      index = candidate
      break
    }
    if flags.isWritable, !flags.isReadable, flags.contains(.nonBlocking) {
      // Nobody would read what is written.
      guard let index, pipes[index].pipe.readers > 0 else { throw .noSuchDeviceOrAddress }
    }
    if node.mount == FileNode.pipeMount, index == nil { throw .noSuchFile }
    if let index { return index }
    return try newPipe(node)
  }

  /// Counts an opening of a pipe and tells who waits for it.
  mutating func joinPipe(_ index: Int, _ flags: OpenFlags) {
    if flags.isReadable {
      pipes[index].pipe.readers += 1
      pipes[index].pipe.readOpenings &+= 1
      wakeups.insert(writeChannel(ofPipe: index))
    }
    if flags.isWritable {
      pipes[index].pipe.writers += 1
      pipes[index].pipe.writeOpenings &+= 1
      wakeups.insert(readChannel(ofPipe: index))
    }
  }

  /// Goes on with opening a named pipe.
  ///
  /// - Returns: the channel to wait on, or `nil` when the other side is or has been there.
  @export(interface)
  public mutating func finishOpening(_ number: Int32, for caller: FileCaller) throws(ErrorNumber)
    -> WaitChannel?
  {
    let index = try description(number, of: caller.files)
    let file = openFiles[index]
    guard file.kind == .pipe else { return nil }
    let stream = Int(file.stream)
    let pipe = pipes[stream].pipe
    if file.flags.isReadable {
      if pipe.writers > 0 || UInt64(pipe.writeOpenings) != file.position { return nil }
      return readChannel(ofPipe: stream)
    }
    if pipe.readers > 0 || UInt64(pipe.readOpenings) != file.position { return nil }
    return writeChannel(ofPipe: stream)
  }
}
