/// What the virtual file system knows of processes: their descriptors, places and programs, and so the tree of
/// `/proc`. What stands in its files is the kernel's to write.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams

extension VirtualFileSystem {
  // MARK: - Known processes

  /// Lets `/proc` show a process; when there are too many, it does not.
  @export(interface)
  public mutating func addProcess(_ caller: FileCaller) {
    let none = FileNode(mount: FileNode.pipeMount, number: 0)
    _ = processes.insert(
      KnownProcess(
        number: caller.process, files: caller.files.rawValue, place: caller.place.rawValue, executable: none,
        executableDirectory: none, isAlive: true))
  }

  /// Notes which program a process runs, as `execve` does; its file is held.
  @export(interface)
  public mutating func setExecutable(_ node: FileNode, in directory: FileNode, ofProcess number: UInt32) {
    guard let index = knownProcess(number) else { return }
    let old = processes[index].executable
    hold(node)
    processes[index].executable = node
    processes[index].executableDirectory = directory
    letGo(old)
  }

  /// Gives a new process the program of another, as `fork` does.
  @export(interface)
  public mutating func copyExecutable(fromProcess old: UInt32, to new: UInt32) {
    guard let source = knownProcess(old) else { return }
    setExecutable(processes[source].executable, in: processes[source].executableDirectory, ofProcess: new)
  }

  /// Notes that a process has ended and nobody has waited for it yet: it has no files any more.
  @export(interface)
  public mutating func endProcess(_ number: UInt32) {
    guard let index = knownProcess(number) else { return }
    processes[index].isAlive = false
    let old = processes[index].executable
    processes[index].executable = FileNode(mount: FileNode.pipeMount, number: 0)
    letGo(old)
  }

  /// Lets `/proc` forget a process.
  @export(interface)
  public mutating func removeProcess(_ number: UInt32) {
    guard let index = knownProcess(number) else { return }
    endProcess(number)
    processes.remove(index)
  }

  func knownProcess(_ number: UInt32) -> Int? {
    for index in 0..<processes.end where processes.contains(index) && processes[index].number == number {
      return index
    }
    return nil
  }

  // MARK: - The tree of /proc

  func processChild(_ name: Span<UInt8>, of directory: FileNode) throws(FileSystemError) -> FileNode {
    guard let node = ProcessNode(number: directory.number) else { throw .notFound }
    var child: ProcessNode?
    switch node.entry {
    case .top:
      if let number = ProcessNode.decimal(name) {
        if knownProcess(number) != nil { child = ProcessNode(.process, process: number) }
      } else if let entry = ProcessEntry.named(name, among: ProcessEntry.topNames) {
        child = ProcessNode(entry)
      }
    case .process:
      if let entry = ProcessEntry.named(name, among: ProcessEntry.processNames),
        knownProcess(node.process) != nil
      {
        child = ProcessNode(entry, process: node.process)
      }
    case .descriptors:
      if let number = ProcessNode.decimal(name), number < UInt32(DescriptorTable.capacity),
        descriptor(Int(number), ofProcess: node.process) != nil
      {
        child = ProcessNode(.descriptor, process: node.process, descriptor: UInt16(number))
      }
    default: throw .notDirectory
    }
    guard let child else { throw .notFound }
    return FileNode(mount: directory.mount, number: child.number)
  }

  /// The description behind a descriptor of a process.
  package func descriptor(_ number: Int, ofProcess process: UInt32) -> Int? {
    guard let index = knownProcess(process), processes[index].isAlive else { return nil }
    let table = Int(processes[index].files)
    guard tables.contains(table), number < tables[table].end else { return nil }
    let descriptor = Descriptor(word: pool.word(number, of: tables[table].page))
    return descriptor.isFree ? nil : descriptor.description
  }

  /// Where a link of `/proc` leads that is more than its text: to a file, whatever its name is now.
  func directTarget(of link: FileNode) throws(FileSystemError) -> (node: FileNode, directory: FileNode)? {
    guard link.mount < Self.mountCapacity, mounts[link.mount].kind == .processes,
      let node = ProcessNode(number: link.number), node.entry != .own
    else { return nil }
    guard let index = knownProcess(node.process), processes[index].isAlive else { throw .notFound }
    switch node.entry {
    case .executable:
      guard processes[index].executable.mount != FileNode.pipeMount else { throw .notFound }
      return (processes[index].executable, processes[index].executableDirectory)
    case .workingDirectory: return both(places[Int(processes[index].place)].working)
    case .rootDirectory: return both(places[Int(processes[index].place)].root)
    case .descriptor:
      guard let description = descriptor(Int(node.descriptor), ofProcess: node.process) else {
        throw .notFound
      }
      return (openFiles[description].node, openFiles[description].directory)
    default: return nil
    }
  }

  /// The path of a file that a process has mapped: of its program, or of what it has open; `nil` if none is known.
  ///
  /// Good until the next operation.
  @_lifetime(immortal)
  @export(interface)
  public mutating func mappedPath(of file: UInt64, byProcess number: UInt32) -> Span<UInt8>? {
    guard let index = knownProcess(number), processes[index].isAlive,
      let mount = (0..<Self.mountCapacity).first(where: { mounts[$0].kind == .processes })
    else { return nil }
    var link: ProcessNode?
    if processes[index].executable.rawValue == file {
      link = ProcessNode(.executable, process: number)
    } else {
      let end = tables[Int(processes[index].files)].end
      for candidate in 0..<end {
        guard let description = descriptor(candidate, ofProcess: number),
          openFiles[description].node.rawValue == file
        else { continue }
        link = ProcessNode(.descriptor, process: number, descriptor: UInt16(candidate))
        break
      }
    }
    guard let link else { return nil }
    var text = buffers.span(2)
    let size = text.count
    guard
      let start = try? copyProcessTarget(
        of: FileNode(mount: mount, number: link.number), into: &text, endingAt: size)
    else { return nil }
    return buffers.name(2, start..<size)
  }

  private func both(_ node: FileNode) -> (node: FileNode, directory: FileNode) { (node, node) }

  /// Writes the text of a link of `/proc` so that it ends before `end`; returns where it begins.
  func copyProcessTarget(
    of link: FileNode, into buffer: inout MutableSpan<UInt8>, endingAt end: Int
  ) throws(FileSystemError) -> Int {
    guard let node = ProcessNode(number: link.number), node.entry.kind == .symbolicLink else {
      throw .invalidArgument
    }
    if node.entry == .own {
      guard knownProcess(walker) != nil else { throw .notFound }
      return try put(ShortText(walker), into: &buffer, endingAt: end)
    }
    guard let (target, directory) = try directTarget(of: link) else { throw .notFound }
    if target.mount == FileNode.pipeMount {
      var text = ShortText("pipe:[")
      text.append(UInt32(truncatingIfNeeded: target.number))
      text.append(UInt8(ascii: "]"))
      return try put(text, into: &buffer, endingAt: end)
    }
    if try kind(of: target) == .directory {
      return try writePath(of: target, from: mounts[0].root, into: &buffer, endingAt: end)
    }
    do throws(FileSystemError) {
      guard try kind(of: directory) == .directory else { throw .notFound }
      var position = try writeName(of: target, in: directory, into: &buffer, endingAt: end)
      if directory != mounts[0].root {
        guard position > 0 else { throw .nameTooLong }
        position -= 1
        buffer[position] = UInt8(ascii: "/")
      }
      return try writePath(of: directory, from: mounts[0].root, into: &buffer, endingAt: position)
    } catch {
      guard error != .nameTooLong else { throw error }
      return try put(ShortText("(deleted)"), into: &buffer, endingAt: end)
    }
  }

  private func put(
    _ text: ShortText, into buffer: inout MutableSpan<UInt8>, endingAt end: Int
  ) throws(FileSystemError) -> Int {
    guard text.count <= end else { throw .nameTooLong }
    for index in 0..<text.count { buffer[end - text.count + index] = text.bytes[index] }
    return end - text.count
  }
}
