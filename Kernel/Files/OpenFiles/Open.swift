/// Opening files of all kinds.
///
/// This module has what processes do with files that are open: descriptors, positions, bytes, pipes, terminals, devices.
/// It protects that an open description goes with its last descriptor and not before, and that nobody waits here: an
/// operation that can't go on names the channel on which its caller waits, and whoever changes that wakes the channel.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams
import VirtualFileSystem

extension VirtualFileSystem {
  /// The calls `open`, `openat` and `creat`.
  ///
  /// - Parameters:
  ///   - mode: the permissions of a file that is made, before the mask.
  @export(interface)
  public mutating func open(
    _ path: Span<UInt8>, at directory: Int32 = PathFlags.workingDirectory, _ flags: OpenFlags, mode: UInt16,
    for caller: FileCaller
  ) throws(ErrorNumber) -> OpenOutcome {
    let number = try freeDescriptor(from: 0, for: caller)
    guard !openFiles.isFull else { throw .tooManyOpenFilesInSystem }
    let follow = !flags.contains(.noFollow) && !flags.isSuperset(of: [.create, .exclusive])
    let isNameless = flags.isSuperset(of: [.nameless, .directory])
    let location = try locate(path, at: directory, follow: follow, for: caller)
    var node: FileNode
    var isNew = false
    if isNameless {
      guard let place = location.node else { throw .noSuchFile }
      guard flags.isWritable else { throw .invalidArgument }
      node = try makeNameless(in: place, mode, for: caller)
      isNew = true
    } else if let found = location.node {
      guard !flags.isSuperset(of: [.create, .exclusive]) else { throw .exists }
      node = found
    } else {
      guard flags.contains(.create) else { throw .noSuchFile }
      guard !location.mustBeDirectory else { throw .isDirectory }
      guard !flags.contains(.directory) else { throw .invalidArgument }
      node = try makeFile(location, mode, for: caller)
      isNew = true
    }
    let file = OpenFile(
      kind: .regular,
      flags: flags.subtracting([.create, .exclusive, .noControllingTerminal, .truncate, .closeOnExec]),
      node: node, directory: location.directory)
    let outcome = try finish(file, isNew: isNew, flags, at: number, for: caller)
    // A nameless file was made held once already.
    if isNameless { letGo(node) }
    return outcome
  }

  private mutating func makeFile(
    _ location: Location, _ mode: UInt16, for caller: FileCaller
  ) throws(ErrorNumber) -> FileNode {
    let mount = location.directory.mount
    guard mount < Self.mountCapacity, mounts[mount].kind.hasDisk else { throw .noSuchFile }
    let attributes = attributes(mode, for: caller)
    let name = buffers.name(0, location.name)
    let inode = try onDisk(mount) { disk throws(FileSystemError) in
      try disk.create(named: name, in: location.directory.inode, attributes)
    }
    return FileNode(mount: mount, inode)
  }

  private mutating func makeNameless(
    in place: FileNode, _ mode: UInt16, for caller: FileCaller
  ) throws(ErrorNumber) -> FileNode {
    guard try kindOrError(of: place) == .directory else { throw .notDirectory }
    guard place.mount < Self.mountCapacity, mounts[place.mount].kind.hasDisk else { throw .notSupported }
    let attributes = attributes(mode, for: caller)
    let inode = try onDisk(place.mount) { disk throws(FileSystemError) in try disk.createNameless(attributes)
    }
    return FileNode(mount: place.mount, inode)
  }

  /// Checks a file against the flags, finds out what it leads to and gives it a descriptor.
  private mutating func finish(
    _ file: OpenFile, isNew: Bool, _ flags: OpenFlags, at number: Int, for caller: FileCaller
  ) throws(ErrorNumber) -> OpenOutcome {
    var file = file
    let kind = try kindOrError(of: file.node)
    guard kind == .directory || !flags.contains(.directory) || isNew else { throw .notDirectory }
    var wait: WaitChannel?
    if flags.contains(.path) {
      file.kind = .place
    } else {
      switch kind {
      case .directory:
        guard !flags.isWritable, !flags.contains(.create) else { throw .isDirectory }
        file.kind = .directory
      case .symbolicLink: throw .tooManySymbolicLinks
      case .socket: throw .noSuchDeviceOrAddress
      case .blockDevice: throw .noSuchDeviceOrAddress
      case .characterDevice: try openDevice(&file, flags, for: caller)
      case .pipe:
        let index = try openNamedPipe(file.node, flags)
        file.kind = .pipe
        file.stream = UInt16(index)
        joinPipe(index, flags)
        if flags.isReadable != flags.isWritable, !flags.contains(.nonBlocking) {
          let pipe = pipes[index].pipe
          file.position = UInt64(flags.isReadable ? pipe.writeOpenings : pipe.readOpenings)
          if flags.isReadable, pipe.writers == 0 { wait = readChannel(ofPipe: index) }
          if flags.isWritable, pipe.readers == 0 { wait = writeChannel(ofPipe: index) }
        }
      case .regular: try openRegular(&file, isNew: isNew, flags, for: caller)
      }
    }
    hold(file.node)
    addOpenFile(file, at: number, of: Int(caller.files.rawValue), flags.contains(.closeOnExec))
    if let wait { return .wait(Int32(number), wait) }
    return .done(Int32(number))
  }

  private mutating func openRegular(
    _ file: inout OpenFile, isNew: Bool, _ flags: OpenFlags, for caller: FileCaller
  ) throws(ErrorNumber) {
    let node = file.node
    guard mounts[node.mount].kind.hasDisk else {
      let takesCommands = ProcessNode(number: node.number)?.entry.takesCommands ?? false
      guard !flags.isWritable || takesCommands else { throw .accessDenied }
      file.kind = .text
      return
    }
    file.kind = .regular
    if flags.isWritable, self[disk: node.mount].isReadOnly { throw .readOnlyFileSystem }
    if flags.contains(.truncate), !isNew {
      try cut(node, to: 0, for: caller)
    }
  }

  /// Finds out which device a node stands for (Linux's numbers, Documentation/admin-guide/devices.txt).
  private mutating func openDevice(
    _ file: inout OpenFile, _ flags: OpenFlags, for caller: FileCaller
  ) throws(ErrorNumber) {
    let node = file.node
    let device = try onDisk(node.mount) { disk throws(FileSystemError) in
      try disk.status(of: node.inode).device
    }
    switch (device.major, device.minor) {
    case (1, 3): file.kind = .null
    case (1, 5): file.kind = .zero
    case (1, 7): file.kind = .full
    case (1, 8), (1, 9): file.kind = .random
    case (5, 0):
      guard let index = controllingTerminal(of: caller) else { throw .noSuchDeviceOrAddress }
      file.kind = .terminal
      file.stream = UInt16(index)
    case (5, 1), (4, 0...1), (4, 64):
      guard terminals.contains(0) else { throw .noSuchDeviceOrAddress }
      file.kind = .terminal
      file.stream = 0
      // The leader of a session without a terminal gets the one that it opens.
      if !flags.contains(.noControllingTerminal), caller.process == caller.session, terminals[0].session == 0,
        controllingTerminal(of: caller) == nil
      {
        terminals[0].session = caller.session
        terminals[0].foregroundGroup = caller.group
      }
    case (10, 250): file.kind = .text
    case (10, 251): file.kind = .units
    default: throw .noSuchDeviceOrAddress
    }
  }
}
