/// Calls that tell of files, directories and file systems.

import CMachine
import CallContext
import FileSystemFormat
import LinuxABI
import OpenFiles
import ProgramFiles
import ProgramRecords
import VirtualFileSystem

extension Call {
  enum StatLayout {
    case stat, stat64, extended
  }

  @inline(never)
  func information(of node: FileNode, _ layout: StatLayout, at address: UInt) throws(ErrorNumber) -> Int {
    let information = try files.tree.information(of: node)
    var bytes: InlineArray<256, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    let size: Int
    switch layout {
    case .stat:
      if abi == .i386 {
        try information.writeOldStat(to: &span)
        size = FileInformation.oldStatSize
      } else {
        information.writeStat(to: &span)
        size = FileInformation.statSize
      }
    case .stat64:
      information.writeStat64(to: &span)
      size = FileInformation.stat64Size
    case .extended:
      information.writeStatx(to: &span)
      size = FileInformation.statxSize
    }
    try store(bytes.span.extracting(0..<size), at: address)
    return 0
  }

  @inline(never)
  func stat(_ address: UInt, follow: Bool, _ layout: StatLayout, to target: UInt) throws(ErrorNumber) -> Int {
    let node = try files.tree.node(try path(address), follow: follow, for: caller)
    return try information(of: node, layout, at: target)
  }

  @inline(never)
  func stat(of number: Int32, _ layout: StatLayout, to target: UInt) throws(ErrorNumber) -> Int {
    try information(of: try files.tree.node(of: number, for: caller), layout, at: target)
  }

  /// The file that a call with a directory, a path and flags means.
  @inline(never)
  func node(_ directory: Int32, _ address: UInt, _ flags: UInt) throws(ErrorNumber) -> FileNode {
    let flags = UInt32(truncatingIfNeeded: flags)
    return try files.tree.node(
      try path(address), at: directory, follow: flags & PathFlags.noFollow == 0,
      emptyPath: flags & PathFlags.emptyPath != 0, for: caller)
  }

  @inline(never)
  func access(_ directory: Int32, _ address: UInt, _ mode: UInt, _ flags: UInt) throws(ErrorNumber) -> Int {
    guard mode & ~7 == 0 else { throw .invalidArgument }
    let node = try node(directory, address, flags)
    try files.checkAccess(node, UInt32(mode))
    return 0
  }

  @inline(never)
  func readLink(_ directory: Int32, _ address: UInt, _ target: UInt, _ size: UInt) throws(ErrorNumber) -> Int
  {
    guard Self.int(size) > 0 else { throw .invalidArgument }
    let path = try path(address)
    let node = try files.tree.node(
      path, at: directory, follow: false, emptyPath: path.count == 0 && directory >= 0, for: caller)
    let size = min(Int(size), 4096)
    var buffer = files.buffer(size)
    let count = try files.tree.readLink(node, into: &buffer, for: caller)
    try store(files.buffered(min(count, size)), at: target)
    return min(count, size)
  }

  @inline(never)
  func workingDirectory() throws(ErrorNumber) -> Int {
    var buffer = files.buffer(4096)
    let count = try files.tree.workingDirectory(into: &buffer, for: caller)
    buffer[count] = 0
    guard UInt(count + 1) <= b else { throw .outOfRange }
    try store(files.buffered(count + 1), at: a)
    return count + 1
  }

  @inline(never)
  func list(_ layout: DirectoryLayout) throws(ErrorNumber) -> Int {
    let wanted = min(Int(c & 0xFFFF_FFFF), ProgramFiles.bufferSize)
    let size = ProgramMemory.writableCount(b, wanted)
    if size == 0, wanted > 0 {
      _ = try files.tree.node(of: Self.int(a), for: caller)
      throw .badAddress
    }
    var buffer = files.buffer(size)
    let count = try files.tree.list(Self.int(a), layout, into: &buffer, for: caller)
    if count > 0 { try store(files.buffered(count), at: b) }
    return count
  }

  @inline(never)
  func fileSystem(_ node: FileNode, isWide: Bool, at address: UInt) throws(ErrorNumber) -> Int {
    let information = files.tree.fileSystem(of: node)
    var bytes: InlineArray<120, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    if isWide { information.writeStatfs64(to: &span) } else { information.writeStatfs(to: &span, for: abi) }
    let size =
      isWide
      ? FileSystemInformation.statfs64Size
      : abi == .i386 ? FileSystemInformation.oldStatfsSize : FileSystemInformation.statfsSize
    try store(bytes.span.extracting(0..<size), at: address)
    return 0
  }
}
