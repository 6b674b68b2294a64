/// Which file system lies where.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams

/// What is mounted.
public enum MountKind: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// Nothing: a free entry.
  case none
  /// The ramdisk that the boot module has brought.
  case ramdisk
  /// Device nodes, made at start.
  case devices
  /// Files that go with the machine.
  case temporary
  /// `/proc`.
  case processes

  /// The name that `/proc/mounts` and `mount` show.
  public var name: StaticString {
    switch self {
    case .none: "none"
    case .ramdisk: "apusfs"
    case .devices: "devtmpfs"
    case .temporary: "tmpfs"
    case .processes: "proc"
    }
  }

  /// The number that `statfs` answers: Linux's for those that it has.
  var magic: UInt32 {
    switch self {
    case .none: 0
    case .ramdisk: 0x5355_5041  // "APUS"
    case .devices, .temporary: 0x0102_1994
    case .processes: 0x9FA0
    }
  }

  package var hasDisk: Bool { self == .ramdisk || self == .devices || self == .temporary }
}

/// A mount as a listing shows it.
public struct MountInformation: BitwiseCopyable, Sendable {
  /// What is mounted.
  public var kind: MountKind
  /// Whether it refuses changes.
  public var isReadOnly: Bool
}

/// A contradiction that was met in an image.
public struct MountCorruption: BitwiseCopyable, Hashable, Sendable {
  /// The mount's number.
  public var mount: Int
  /// What is not as it must be.
  public var reason: Corruption
}

/// A mount's record.
package struct Mount: BitwiseCopyable {
  package var kind = MountKind.none
  var root = FileNode(mount: 0, number: 0)
  /// The directory that it covers; of the root itself, its own root.
  var point = FileNode(mount: 0, number: 0)
}

extension VirtualFileSystem {
  /// The file system of a mount.
  @inline(__always)
  package subscript(disk mount: Int) -> FileSystem {
    unsafeAddress {
      precondition(mount >= 0 && mount < Self.mountCapacity && mounts[mount].kind.hasDisk, "no such disk")
      // SAFETY: a mount of such a kind has its file system initialised here.
      return unsafe UnsafePointer(disks + mount)
    }
    unsafeMutableAddress {
      precondition(mount >= 0 && mount < Self.mountCapacity && mounts[mount].kind.hasDisk, "no such disk")
      // SAFETY: as above.
      return unsafe disks + mount
    }
  }

  /// Mounts a file system as the root.
  @export(interface)
  public mutating func mountRoot(_ disk: consuming FileSystem) {
    precondition(mounts[0].kind == .none, "the root is mounted already")
    // SAFETY: the entry is free, so the place holds no file system.
    unsafe disks.initialize(to: disk)
    mounts[0].kind = .ramdisk
    mounts[0].root = FileNode(mount: 0, .root)
    mounts[0].point = mounts[0].root
  }

  /// Mounts a file system on a directory of the root, which is made if need be.
  ///
  /// - Throws: `.noSuchFile` and others when there is no such directory and it can't be made, `.busy` when all
  ///   mounts are taken.
  @export(interface)
  public mutating func mount(
    _ disk: consuming FileSystem, _ kind: MountKind, onDirectory name: StaticString, permissions: UInt16
  ) throws(ErrorNumber) {
    precondition(kind.hasDisk, "a disk of a kind that has none")
    let index = try freeMount()
    let point = try mountPoint(name, permissions)
    // SAFETY: the entry is free, so the place holds no file system.
    unsafe (disks + index).initialize(to: disk)
    mounts[index] = Mount(kind: kind, root: FileNode(mount: index, .root), point: point)
  }

  /// Mounts `/proc`.
  @export(interface)
  public mutating func mountProcesses(onDirectory name: StaticString) throws(ErrorNumber) {
    let index = try freeMount()
    let point = try mountPoint(name, 0o555)
    let root = FileNode(mount: index, number: ProcessNode(.top).number)
    mounts[index] = Mount(kind: .processes, root: root, point: point)
  }

  private func freeMount() throws(ErrorNumber) -> Int {
    for index in 1..<Self.mountCapacity where mounts[index].kind == .none { return index }
    throw .busy
  }

  /// The directory of the root that is to be covered; it is held for ever.
  private mutating func mountPoint(_ name: StaticString, _ permissions: UInt16) throws(ErrorNumber)
    -> FileNode
  {
    let text = ShortText(name)
    return try onDisk(0) { disk throws(FileSystemError) in
      var inode: InodeNumber
      do throws(FileSystemError) {
        inode = try disk.lookUp(text.bytes.span.extracting(0..<text.count), in: .root)
      } catch {
        guard error == .notFound else { throw error }
        let attributes = FileAttributes(permissions: permissions, now: Timestamp(seconds: 0))
        inode = try disk.createDirectory(
          named: text.bytes.span.extracting(0..<text.count), in: .root, attributes)
      }
      guard try disk.kind(of: inode) == .directory else { throw .notDirectory }
      try disk.retain(inode)
      return FileNode(mount: 0, inode)
    }
  }

  /// What is mounted under number `index`; `nil` for none.
  public func mount(_ index: Int) -> MountInformation? {
    guard index >= 0, index < Self.mountCapacity, mounts[index].kind != .none else { return nil }
    let isReadOnly = mounts[index].kind.hasDisk && self[disk: index].isReadOnly
    return MountInformation(kind: mounts[index].kind, isReadOnly: isReadOnly)
  }

  /// Copies the path of a mount's directory into `buffer`, which needs 33 bytes; returns its length.
  @export(interface)
  public mutating func mountPath(_ index: Int, into buffer: inout MutableSpan<UInt8>) -> Int {
    guard index > 0 else {
      buffer[0] = UInt8(ascii: "/")
      return 1
    }
    let length = (try? path(ofDirectory: mounts[index].root, from: mounts[0].root, into: &buffer)) ?? 0
    return length
  }

  /// Makes a mount's image one that could have been unmounted, before it is saved; it is read-only from then on.
  @export(interface)
  public mutating func finishRoot() throws(ErrorNumber) {
    try onDisk(0) { disk throws(FileSystemError) in try disk.markClean() }
  }

  /// The root of the tree.
  public var rootNode: FileNode { mounts[0].root }

  /// Where the root's image lies in memory, and its bytes.
  @export(interface)
  public var rootMemory: (address: UInt, byteCount: Int) {
    let blocks = Int(self[disk: 0].geometry.blockCount)
    return (self[disk: 0].store.address, blocks * FileSystemLimits.blockSize)
  }

  /// The file system call `statfs`.
  @export(interface)
  public func fileSystem(of node: FileNode) -> FileSystemInformation {
    let mount = node.mount == FileNode.pipeMount ? 0 : node.mount
    var information = FileSystemInformation(
      kind: node.mount == FileNode.pipeMount ? 0x5049_5045 : mounts[mount].kind.magic)
    information.identifier = UInt32(mount) + 1
    guard node.mount != FileNode.pipeMount, mounts[mount].kind.hasDisk else { return information }
    information.blocks = UInt64(self[disk: mount].geometry.dataBlockCount)
    information.freeBlocks = UInt64(self[disk: mount].freeBlocks)
    information.files = UInt64(self[disk: mount].geometry.inodeCount)
    information.freeFiles = UInt64(self[disk: mount].freeInodes)
    if self[disk: mount].isReadOnly { information.flags |= 1 }
    return information
  }

  // MARK: - Errors

  /// Does something on a mount's file system; a contradiction in the image makes the mount read-only.
  @inline(__always)
  package mutating func onDisk<Result: ~Copyable>(
    _ mount: Int, _ body: (inout FileSystem) throws(FileSystemError) -> Result
  ) throws(ErrorNumber) -> Result {
    guard mount < Self.mountCapacity, mounts[mount].kind.hasDisk else { throw .notPermitted }
    do throws(FileSystemError) {
      return try body(&self[disk: mount])
    } catch {
      throw note(error, on: mount)
    }
  }

  /// The number of an error, after a contradiction has made its mount read-only.
  package mutating func note(_ error: FileSystemError, on mount: Int) -> ErrorNumber {
    if case .corrupt(let reason) = error, mount < Self.mountCapacity, mounts[mount].kind.hasDisk {
      self[disk: mount].makeReadOnly()
      if corruption == nil { corruption = MountCorruption(mount: mount, reason: reason) }
    }
    return ErrorNumber(rawValue: error.errorNumber)
  }
}
