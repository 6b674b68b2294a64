/// What is known about files, and setting it; listing directories.

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

  /// The kind of a descriptor's file and its size, as a mapping of it needs.
  ///
  /// - Throws: `.noDevice` for what can't be mapped, `.accessDenied` if it is not open for reading.
  @export(interface)
  public mutating func mappable(
    _ number: Int32, isShared: Bool, for caller: FileCaller
  ) throws(ErrorNumber) -> FileNode {
    let file = try openFile(number, of: caller.files)
    guard file.kind != .place else { throw .badDescriptor }
    guard file.kind == .regular else { throw .noDevice }
    guard file.flags.isReadable else { throw .accessDenied }
    // A boot loader may put an image anywhere; frames of its blocks there are only on a boundary.
    guard !isShared || self[disk: file.node.mount].store.address % 4096 == 0 else { throw .noDevice }
    return file.node
  }

  /// Whether a descriptor is open for writing, as a shared writable mapping needs.
  public func isWritable(_ number: Int32, for caller: FileCaller) throws(ErrorNumber) -> Bool {
    try openFile(number, of: caller.files).flags.isWritable
  }

  /// Whether a descriptor leads to a device of zeros, whose private mapping is anonymous memory.
  public func isZeroDevice(_ number: Int32, for caller: FileCaller) throws(ErrorNumber) -> Bool {
    try openFile(number, of: caller.files).kind == .zero
  }

  /// Whether a descriptor leads to the device of units.
  public func isUnitDevice(_ number: Int32, for caller: FileCaller) throws(ErrorNumber) -> Bool {
    try openFile(number, of: caller.files).kind == .units
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

  // MARK: - Directories

  /// The calls `getdents` and `getdents64`.
  ///
  /// - Returns: the bytes written, 0 at the end.
  /// - Throws: `.invalidArgument` when the buffer has no room for the next entry.
  @export(interface)
  public mutating func list(
    _ number: Int32, _ layout: DirectoryLayout, into buffer: inout MutableSpan<UInt8>, for caller: FileCaller
  ) throws(ErrorNumber) -> Int {
    let index = try description(number, of: caller.files)
    guard openFiles[index].kind == .directory else { throw .notDirectory }
    let node = openFiles[index].node
    if mounts[node.mount].kind == .processes { return try listProcesses(index, layout, into: &buffer) }
    var done = 0
    do throws(FileSystemError) {
      var position = openFiles[index].position
      while let entry = try self[disk: node.mount].entry(of: node.inode, at: position) {
        guard layout.length(forName: entry.nameLength) <= buffer.count - done else {
          guard done > 0 else { throw .invalidArgument }
          break
        }
        let start = done + layout.nameOffset
        done += layout.write(
          inode: UInt64(entry.inode.rawValue), next: entry.next, kind: entry.kind,
          nameLength: entry.nameLength,
          to: &buffer, at: done)
        if let place = entry.namePlace {
          self[disk: node.mount].store.copy(from: place, count: entry.nameLength, into: &buffer, at: start)
        } else {
          for index in 0..<entry.nameLength { buffer[start + index] = UInt8(ascii: ".") }
        }
        position = entry.next
        openFiles[index].position = position
      }
      try self[disk: node.mount].touchAccessed(node.inode, at: caller.now)
    } catch {
      throw note(error, on: node.mount)
    }
    return done
  }

  private mutating func listProcesses(
    _ index: Int, _ layout: DirectoryLayout, into buffer: inout MutableSpan<UInt8>
  ) throws(ErrorNumber) -> Int {
    guard let directory = ProcessNode(number: openFiles[index].node.number) else { throw .noSuchFile }
    var done = 0
    while let (text, node, next) = processEntry(of: directory, at: openFiles[index].position) {
      guard layout.length(forName: text.count) <= buffer.count - done else {
        guard done > 0 else { throw .invalidArgument }
        break
      }
      let start = done + layout.nameOffset
      done += layout.write(
        inode: node.number, next: next, kind: node.entry.kind.rawValue, nameLength: text.count, to: &buffer,
        at: done)
      for index in 0..<text.count { buffer[start + index] = text.bytes[index] }
      openFiles[index].position = next
    }
    return done
  }

  /// The entry of a directory of `/proc` at or after a position: dots, then names, then numbers.
  private func processEntry(
    of directory: ProcessNode, at position: UInt64
  ) -> (ShortText, ProcessNode, next: UInt64)? {
    var position = position
    if position == 0 { return (ShortText("."), directory, 1) }
    if position == 1 { return (ShortText(".."), ProcessNode(.top), 2) }
    if directory.entry != .descriptors {
      let range = directory.entry == .top ? ProcessEntry.topNames : ProcessEntry.processNames
      let number = UInt64(range.lowerBound) + position - 2
      if number <= UInt64(range.upperBound), let entry = ProcessEntry(rawValue: UInt8(number)) {
        return (ShortText(entry.name), ProcessNode(entry, process: directory.process), position + 1)
      }
    }
    position = max(position, 100)
    switch directory.entry {
    case .top:
      // In the order of their numbers: the lowest that is not below the position's.
      var best: UInt32?
      for slot in 0..<processes.end where processes.contains(slot) {
        let number = processes[slot].number
        if UInt64(number) + 100 >= position, number < best ?? .max { best = number }
      }
      guard let best else { return nil }
      return (ShortText(best), ProcessNode(.process, process: best), UInt64(best) + 101)
    case .descriptors:
      var number = Int(position - 100)
      while number < DescriptorTable.capacity {
        if descriptor(number, ofProcess: directory.process) != nil {
          let node = ProcessNode(.descriptor, process: directory.process, descriptor: UInt16(number))
          return (ShortText(UInt32(number)), node, UInt64(number) + 101)
        }
        number += 1
      }
      return nil
    default: return nil
    }
  }
}
