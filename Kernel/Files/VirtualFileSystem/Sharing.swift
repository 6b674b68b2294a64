/// Files that programs have mapped to share them: their blocks are those programs' pages.
///
/// Nothing need be written back, since a block is a page. What remains is to give a page that is touched its block, to
/// take pages away from programs before their blocks become another file's, and to clear what programs have written
/// behind the end of a file, in the last of its pages.

import FileSystem
import FileSystemFormat
import LinuxABI

/// What a page of a file is in memory.
public enum SharedPage: BitwiseCopyable, Hashable, Sendable {
  /// The block at this address.
  case block(address: UInt)
  /// A hole of an image that can't be changed.
  case zeros
  /// The file has no such page, or there is no room for it.
  case none
}

/// A file that has become shorter, with the first page that it has no more.
public struct FileCut: BitwiseCopyable, Hashable, Sendable {
  /// The file.
  public var node: FileNode
  /// The number of the page.
  public var firstPage: UInt64
}

extension VirtualFileSystem {
  /// The memory of a page of a file, which is given a block if it is a hole.
  ///
  /// - Parameter isWritten: whether a program is about to write there; the file is stamped as modified.
  @export(interface)
  public mutating func sharedPage(
    _ page: UInt64, of node: FileNode, isWritten: Bool, at now: Timestamp
  ) -> SharedPage {
    let blockSize = UInt64(FileSystemLimits.blockSize)
    let (position, overflow) = page.multipliedReportingOverflow(by: blockSize)
    guard !overflow, node.mount < Self.mountCapacity, mounts[node.mount].kind.hasDisk else { return .none }
    let base = self[disk: node.mount].store.address
    do throws(FileSystemError) {
      switch try self[disk: node.mount].extent(of: node.inode, at: position, limit: 1) {
      case .end: return .none
      case .hole where self[disk: node.mount].isReadOnly: return isWritten ? .none : .zeros
      case .hole, .data:
        if isWritten { try self[disk: node.mount].didWrite(node.inode, upTo: 0, at: now) }
        let place =
          if case .data(let offset, _) = try self[disk: node.mount].extent(
            of: node.inode, at: position, limit: 1)
          {
            offset
          } else {
            try self[disk: node.mount].writableExtent(of: node.inode, at: position, limit: 1).offset
          }
        return .block(address: base + UInt(place))
      }
    } catch {
      _ = note(error, on: node.mount)
      return .none
    }
  }

  /// One more mapping shares a file.
  @export(interface)
  public mutating func holdShared(_ node: FileNode) {
    sharedCount += 1
    hold(node)
  }

  /// One mapping fewer shares a file.
  @export(interface)
  public mutating func letGoShared(_ node: FileNode) {
    sharedCount -= 1
    clearTail(of: node)
    letGo(node)
  }

  /// Clears what programs have written behind the end of a file, where a file system has zeros.
  @export(interface)
  public mutating func clearTail(of node: FileNode) {
    guard node.mount < Self.mountCapacity, mounts[node.mount].kind.hasDisk else { return }
    do throws(FileSystemError) {
      try self[disk: node.mount].clearTail(of: node.inode)
    } catch {
      _ = note(error, on: node.mount)
    }
  }

  /// A file that has become shorter while mappings shared files.
  ///
  /// The caller takes its pages out of all address spaces before any program runs or anything else is written.
  public mutating func takeCut() -> FileCut? {
    defer { lastCut = nil }
    return lastCut
  }

  /// Sets the size of a file.
  package mutating func cut(_ node: FileNode, to size: UInt64, for caller: FileCaller) throws(ErrorNumber) {
    if sharedCount > 0 {
      let blockSize = UInt64(FileSystemLimits.blockSize)
      lastCut = FileCut(node: node, firstPage: size / blockSize + (size % blockSize == 0 ? 0 : 1))
      clearTail(of: node)
    }
    try onDisk(node.mount) { disk throws(FileSystemError) in
      try disk.truncate(node.inode, to: size, at: caller.now)
    }
  }
}
