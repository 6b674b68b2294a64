/// What is known about files, and setting it.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams

extension VirtualFileSystem {
  /// What the `stat` family answers.
  @export(interface)
  public mutating func information(of node: FileNode) throws(ErrorNumber) -> FileInformation {
    var information = FileInformation()
    information.device = UInt32(16 + node.mount)
    information.inode = node.number
    if node.mount == FileNode.pipeMount {
      information.mode = FileMode(.pipe, 0o600).rawValue
      return information
    }
    guard mounts[node.mount].kind.hasDisk else {
      guard let entry = ProcessNode(number: node.number)?.entry else { throw .noSuchFile }
      information.mode = FileMode(entry.kind, entry.permissions).rawValue
      if entry.kind == .directory { information.linkCount = 2 }
      return information
    }
    let status = try onDisk(node.mount) { disk throws(FileSystemError) in try disk.status(of: node.inode) }
    information.mode = status.mode.rawValue
    information.linkCount = status.linkCount
    information.owner = status.owner
    information.group = status.group
    information.deviceMajor = status.device.major
    information.deviceMinor = status.device.minor
    information.size = status.size
    information.blocks = UInt64(status.blockCount) * 8
    information.accessed = Self.time(status.accessed)
    information.modified = Self.time(status.modified)
    information.changed = Self.time(status.changed)
    return information
  }

  private static func time(_ time: Timestamp) -> FileInformation.Time {
    FileInformation.Time(seconds: time.seconds, nanoseconds: time.nanoseconds)
  }

  /// The call `access`: the superuser may all but execute what nobody may.
  @export(interface)
  public mutating func checkAccess(_ node: FileNode, _ access: FileAccess) throws(ErrorNumber) {
    let information = try information(of: node)
    let mode = FileMode(rawValue: information.mode)
    if access.contains(.execute), mode.kind != .directory, mode.permissions & 0o111 == 0 {
      throw .accessDenied
    }
    if access.contains(.write), node.mount < Self.mountCapacity, mounts[node.mount].kind.hasDisk,
      self[disk: node.mount].isReadOnly, mode.kind == .regular || mode.kind == .directory
    {
      throw .readOnlyFileSystem
    }
  }

  /// The call `chmod`.
  @export(interface)
  public mutating func setPermissions(
    _ permissions: UInt16, of node: FileNode, for caller: FileCaller
  ) throws(ErrorNumber) {
    try onDisk(node.mount) { disk throws(FileSystemError) in
      try disk.setPermissions(permissions, of: node.inode, at: caller.now)
    }
  }

  /// The call `chown`; `nil` leaves an owner or group as it is.
  ///
  /// The set-id bits of a file that is not a directory go, as on Linux.
  @export(interface)
  public mutating func setOwner(
    _ owner: UInt32?, group: UInt32?, of node: FileNode, for caller: FileCaller
  ) throws(ErrorNumber) {
    try onDisk(node.mount) { disk throws(FileSystemError) in
      try disk.setOwner(owner, group: group, of: node.inode, at: caller.now)
      let mode = try disk.status(of: node.inode).mode
      guard mode.kind == .regular, mode.permissions & 0o6000 != 0 else { return }
      // The set-group bit without group execution is not one.
      let lost: UInt16 = mode.permissions & 0o010 != 0 ? 0o6000 : 0o4000
      try disk.setPermissions(mode.permissions & ~lost, of: node.inode, at: caller.now)
    }
  }

  /// The call `utimensat`; `nil` leaves a time as it is.
  @export(interface)
  public mutating func setTimes(
    accessed: Timestamp?, modified: Timestamp?, of node: FileNode, for caller: FileCaller
  ) throws(ErrorNumber) {
    guard accessed != nil || modified != nil else { return }
    try onDisk(node.mount) { disk throws(FileSystemError) in
      try disk.setTimes(accessed: accessed, modified: modified, of: node.inode, at: caller.now)
    }
  }

  // MARK: - For those who make files

  /// What a new file gets.
  package func attributes(_ mode: UInt16, for caller: FileCaller) -> FileAttributes {
    FileAttributes(permissions: mode & 0o7777 & ~places[Int(caller.place.rawValue)].mask, now: caller.now)
  }

  /// The kind of a file, or why it can't be known.
  package mutating func kindOrError(of node: FileNode) throws(ErrorNumber) -> FileKind {
    do throws(FileSystemError) {
      return try kind(of: node)
    } catch {
      throw note(error, on: node.mount)
    }
  }
}
