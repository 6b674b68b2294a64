/// Giving, taking and changing names.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams

extension VirtualFileSystem {
  /// Where a name is to be given: a directory of a mount that has a disk.
  private mutating func placeForName(
    _ path: Span<UInt8>, at directory: Int32, for caller: FileCaller, buffer: Int = 0
  ) throws(ErrorNumber) -> (directory: FileNode, name: Range<Int>, mustBeDirectory: Bool) {
    do throws(ErrorNumber) {
      let place = try locateName(path, at: directory, for: caller, buffer: buffer)
      guard mounts[place.directory.mount].kind.hasDisk else { throw .notPermitted }
      return place
    } catch {
      // The root has no name, and it is there.
      throw error == .busy ? .exists : error
    }
  }

  /// The call `mkdir`.
  @export(interface)
  public mutating func makeDirectory(
    _ path: Span<UInt8>, at directory: Int32 = PathFlags.workingDirectory, mode: UInt16,
    for caller: FileCaller
  ) throws(ErrorNumber) {
    let place = try placeForName(path, at: directory, for: caller)
    let attributes = attributes(mode & 0o1777, for: caller)
    let name = buffers.name(0, place.name)
    _ = try onDisk(place.directory.mount) { disk throws(FileSystemError) in
      try disk.createDirectory(named: name, in: place.directory.inode, attributes)
    }
  }

  /// The call `mknod`: a regular file, a named pipe, a socket or a device, as the mode says.
  ///
  /// - Parameter device: a number as programs pack it: minor's low byte, 12 bits of major, rest of minor.
  @export(interface)
  public mutating func makeNode(
    _ path: Span<UInt8>, at directory: Int32 = PathFlags.workingDirectory, mode: UInt16, device: UInt64,
    for caller: FileCaller
  ) throws(ErrorNumber) {
    let kind = mode & 0o170000 == 0 ? FileKind.regular : FileMode(rawValue: mode).kind
    guard let kind, kind != .symbolicLink else { throw .invalidArgument }
    guard kind != .directory else { throw .notPermitted }
    let place = try placeForName(path, at: directory, for: caller)
    guard !place.mustBeDirectory else { throw .noSuchFile }
    let attributes = attributes(mode, for: caller)
    let name = buffers.name(0, place.name)
    let packed = UInt32(truncatingIfNeeded: device)
    let number = DeviceNumber(major: packed >> 8 & 0xFFF, minor: packed & 0xFF | packed >> 12 & 0xFFF00)
    _ = try onDisk(place.directory.mount) { disk throws(FileSystemError) in
      if kind.isDevice {
        try disk.createDevice(kind, number, named: name, in: place.directory.inode, attributes)
      } else {
        try disk.create(kind, named: name, in: place.directory.inode, attributes)
      }
    }
  }

  /// The call `symlink`.
  @export(interface)
  public mutating func makeSymbolicLink(
    to target: Span<UInt8>, named path: Span<UInt8>, at directory: Int32 = PathFlags.workingDirectory,
    for caller: FileCaller
  ) throws(ErrorNumber) {
    let place = try placeForName(path, at: directory, for: caller)
    guard !place.mustBeDirectory else { throw .noSuchFile }
    let attributes = FileAttributes(permissions: 0o777, now: caller.now)
    let name = buffers.name(0, place.name)
    _ = try onDisk(place.directory.mount) { disk throws(FileSystemError) in
      try disk.createSymbolicLink(to: target, named: name, in: place.directory.inode, attributes)
    }
  }

  /// The call `link`, for a file that `node` has found.
  @export(interface)
  public mutating func link(
    _ node: FileNode, as path: Span<UInt8>, at directory: Int32 = PathFlags.workingDirectory,
    for caller: FileCaller
  ) throws(ErrorNumber) {
    let place = try placeForName(path, at: directory, for: caller)
    guard place.directory.mount == node.mount else { throw .crossDevice }
    let name = buffers.name(0, place.name)
    try onDisk(node.mount) { disk throws(FileSystemError) in
      guard !place.mustBeDirectory else { throw .notFound }
      try disk.link(node.inode, as: name, in: place.directory.inode, at: caller.now)
    }
  }

  /// The calls `unlink` and `rmdir`.
  ///
  /// - Parameter isDirectory: whether a directory is to be removed.
  @export(interface)
  public mutating func remove(
    _ path: Span<UInt8>, at directory: Int32 = PathFlags.workingDirectory, isDirectory: Bool,
    for caller: FileCaller
  ) throws(ErrorNumber) {
    let place = try locateName(path, at: directory, for: caller)
    let mount = place.directory.mount
    guard mounts[mount].kind.hasDisk else { throw .notPermitted }
    let name = buffers.name(0, place.name)
    try requireNotMounted(name, in: place.directory)
    try onDisk(mount) { disk throws(FileSystemError) in
      if isDirectory {
        try disk.removeDirectory(name, in: place.directory.inode, at: caller.now)
      } else {
        if place.mustBeDirectory {
          let inode = try disk.lookUp(name, in: place.directory.inode)
          throw try disk.kind(of: inode) == .directory ? .isDirectory : .notDirectory
        }
        try disk.unlink(name, in: place.directory.inode, at: caller.now)
      }
    }
  }

  /// Refuses names of directories that something is mounted on.
  private func requireNotMounted(_ name: Span<UInt8>, in directory: FileNode) throws(ErrorNumber) {
    guard let inode = try? self[disk: directory.mount].lookUp(name, in: directory.inode) else { return }
    let node = FileNode(mount: directory.mount, inode)
    guard covered(node) == node else { throw .busy }
  }

  /// The calls `rename`, `renameat` and `renameat2`.
  ///
  /// - Parameter flags: `PathFlags.renameKeep` or `PathFlags.renameExchange`, or 0.
  @export(interface)
  public mutating func rename(
    _ old: Span<UInt8>, at oldDirectory: Int32 = PathFlags.workingDirectory, to new: Span<UInt8>,
    at newDirectory: Int32 = PathFlags.workingDirectory, flags: UInt32 = 0, for caller: FileCaller
  ) throws(ErrorNumber) {
    let behavior: RenameBehavior
    switch flags {
    case 0: behavior = .replace
    case PathFlags.renameKeep: behavior = .keep
    case PathFlags.renameExchange: behavior = .exchange
    default: throw .invalidArgument
    }
    let from = try locateName(old, at: oldDirectory, for: caller, buffer: 0)
    let to = try locateName(new, at: newDirectory, for: caller, buffer: 1)
    guard from.directory.mount == to.directory.mount else { throw .crossDevice }
    let mount = from.directory.mount
    guard mounts[mount].kind.hasDisk else { throw .notPermitted }
    let (oldName, newName) = (buffers.name(0, from.name), buffers.name(1, to.name))
    try requireNotMounted(oldName, in: from.directory)
    try requireNotMounted(newName, in: to.directory)
    try onDisk(mount) { disk throws(FileSystemError) in
      if from.mustBeDirectory || to.mustBeDirectory {
        let inode = try disk.lookUp(oldName, in: from.directory.inode)
        guard try disk.kind(of: inode) == .directory else { throw .notDirectory }
      }
      try disk.rename(
        oldName, in: from.directory.inode, to: newName, in: to.directory.inode, behavior, at: caller.now)
    }
  }

  /// The call `readlink`, for a link that `node` has found without following it; what does not fit is cut.
  @export(interface)
  public mutating func readLink(
    _ node: FileNode, into buffer: inout MutableSpan<UInt8>, for caller: FileCaller
  ) throws(ErrorNumber) -> Int {
    guard try kindOrError(of: node) == .symbolicLink else { throw .invalidArgument }
    guard buffer.count > 0 else { throw .invalidArgument }
    walker = caller.process
    var text = buffers.span(2)
    do throws(FileSystemError) {
      let start = try copyTarget(of: node, into: &text, endingAt: text.count)
      let count = min(text.count - start, buffer.count)
      for index in 0..<count { buffer[index] = text[start + index] }
      return count
    } catch {
      throw note(error, on: node.mount)
    }
  }

  // MARK: - Working directory

  /// The calls `chdir` and `fchdir`, for a directory that `node` has found.
  @export(interface)
  public mutating func changeDirectory(to node: FileNode, for caller: FileCaller) throws(ErrorNumber) {
    guard try kindOrError(of: node) == .directory else { throw .notDirectory }
    hold(node)
    let old = places[Int(caller.place.rawValue)].working
    places[Int(caller.place.rawValue)].working = node
    letGo(old)
  }

  /// The call `chroot`.
  @export(interface)
  public mutating func changeRoot(to node: FileNode, for caller: FileCaller) throws(ErrorNumber) {
    guard try kindOrError(of: node) == .directory else { throw .notDirectory }
    hold(node)
    let old = places[Int(caller.place.rawValue)].root
    places[Int(caller.place.rawValue)].root = node
    letGo(old)
  }

  /// The call `getcwd`: the path without a terminator.
  ///
  /// - Throws: `.outOfRange` when the buffer is too small, `.noSuchFile` when the directory has been removed.
  @export(interface)
  public mutating func workingDirectory(
    into buffer: inout MutableSpan<UInt8>, for caller: FileCaller
  ) throws(ErrorNumber) -> Int {
    let place = places[Int(caller.place.rawValue)]
    return try path(ofDirectory: place.working, from: place.root, into: &buffer)
  }
}
