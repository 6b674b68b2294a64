/// From a path to a file: components, `.` and `..`, symbolic links and trailing slashes.
///
/// The walk is generic over the tree, so that the kernel can pass one that crosses mounts and checks who may
/// search a directory, and a test one that is an array. `FileSystem` is such a tree. The walk needs no memory
/// but a buffer of the caller: the rest of the path lies at its end, and the target of a symbolic link is put
/// before what is left.

import FileSystemFormat

/// A tree of named files.
public protocol PathTree: ~Copyable, ~Escapable {
  /// How the tree names a file.
  associatedtype Node: BitwiseCopyable & Equatable

  /// The kind of a file.
  func kind(of node: Node) throws(FileSystemError) -> FileKind

  /// The file that `name` names in a directory; `.` and `..` are names too. Checks who may search.
  func child(_ name: Span<UInt8>, of directory: Node) throws(FileSystemError) -> Node

  /// Copies a symbolic link's target to `buffer`, ending before `end`, and says where it begins.
  ///
  /// - Throws: `.nameTooLong` when there are fewer bytes before `end` than the target has.
  func copyTarget(
    of link: Node, into buffer: inout MutableSpan<UInt8>, endingAt end: Int
  ) throws(FileSystemError) -> Int
}

/// What a walk does with the last component of a path.
public enum PathEnd: BitwiseCopyable, Hashable, Sendable {
  /// Finds the file, and follows it if it is a symbolic link: `open`, `stat`.
  case follow
  /// Finds the file, symbolic link or not: `lstat`, `readlink`.
  case keep
  /// Finds the directory, and leaves the name for an operation on it: `unlink`, `rename`, `mkdir`.
  case directory
}

/// Where a path leads.
public struct ResolvedPath<Node: BitwiseCopyable> {
  /// The file; with `PathEnd.directory` the directory that has or gets the name.
  public var node: Node
  /// With `PathEnd.directory`, where in the buffer the name lies; empty when the path is just the root.
  public var name: Range<Int>
  /// Whether the path ends with a slash and so must name a directory.
  public var mustBeDirectory: Bool
}

/// A walk along a path.
public enum PathResolver {
  /// Bytes a buffer must have at least.
  public static let bufferSize = FileSystemLimits.maximumPathLength + 1

  /// Walks along `path`.
  ///
  /// - Parameters:
  ///   - path: 1 to 4,095 bytes without a terminator; a path from the root begins with `/`.
  ///   - tree: where to look names up.
  ///   - root: where absolute paths and absolute targets begin.
  ///   - start: where relative paths begin.
  ///   - end: what to do with the last component.
  ///   - buffer: at least `bufferSize` bytes to work in. With `PathEnd.directory` it holds the name afterwards.
  /// - Throws: what the tree throws, `.notFound` for an empty path, `.notDirectory`, `.nameTooLong`,
  ///   `.tooManySymbolicLinks`.
  public static func resolve<Tree: PathTree & ~Copyable & ~Escapable>(
    _ path: Span<UInt8>, in tree: borrowing Tree, from root: Tree.Node, startingAt start: Tree.Node,
    _ end: PathEnd = .follow, using buffer: inout MutableSpan<UInt8>
  ) throws(FileSystemError) -> ResolvedPath<Tree.Node> {
    guard path.count > 0 else { throw .notFound }
    guard path.count <= FileSystemLimits.maximumPathLength, path.count < buffer.count else {
      throw .nameTooLong
    }
    let limit = buffer.count
    var position = limit - path.count
    for index in path.indices { buffer[position + index] = path[index] }

    var node = buffer[position] == slash ? root : start
    var links = 0
    var mustBeDirectory = false
    while true {
      while position < limit, buffer[position] == slash { position += 1 }
      guard position < limit else { break }
      var nameEnd = position
      while nameEnd < limit, buffer[nameEnd] != slash { nameEnd += 1 }
      var next = nameEnd
      while next < limit, buffer[next] == slash { next += 1 }
      let isLast = next == limit
      mustBeDirectory = nameEnd < limit
      if isLast, end == .directory {
        guard try tree.kind(of: node) == .directory else { throw .notDirectory }
        return ResolvedPath(node: node, name: position..<nameEnd, mustBeDirectory: mustBeDirectory)
      }
      guard try tree.kind(of: node) == .directory else { throw .notDirectory }
      let child = try tree.child(buffer.span.extracting(position..<nameEnd), of: node)
      let kind = try tree.kind(of: child)
      if kind == .symbolicLink, !isLast || mustBeDirectory || end == .follow {
        links += 1
        guard links <= FileSystemLimits.maximumSymbolicLinks else { throw .tooManySymbolicLinks }
        // The slash after the name, if any, stays between the target and the rest.
        position = try tree.copyTarget(of: child, into: &buffer, endingAt: nameEnd)
        guard position < nameEnd else { throw .corrupt(.badSymbolicLink) }
        if buffer[position] == slash { node = root }
        continue
      }
      if mustBeDirectory, kind != .directory { throw .notDirectory }
      node = child
      position = nameEnd
    }
    return ResolvedPath(node: node, name: limit..<limit, mustBeDirectory: mustBeDirectory)
  }

  private static let slash = UInt8(ascii: "/")
}

extension FileSystem: PathTree {
  /// The kind of a file.
  public func kind(of node: InodeNumber) throws(FileSystemError) -> FileKind {
    try kind(at: try place(of: node))
  }

  /// The file that a name names in a directory; everybody may search.
  public func child(_ name: Span<UInt8>, of directory: InodeNumber) throws(FileSystemError) -> InodeNumber {
    try lookUp(name, in: directory)
  }

  /// Copies a symbolic link's target so that it ends before `end`.
  public func copyTarget(
    of link: InodeNumber, into buffer: inout MutableSpan<UInt8>, endingAt end: Int
  ) throws(FileSystemError) -> Int {
    let (offset, count) = try target(of: link)
    guard count <= end else { throw .nameTooLong }
    store.copy(from: offset, count: count, into: &buffer, at: end - count)
    return end - count
  }
}
