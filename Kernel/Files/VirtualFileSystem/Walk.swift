/// From paths to nodes, across mounts and through `/proc`.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams

/// Where a path leads: to a file, or to a name that is free.
package struct Location {
  /// The file, if there is one.
  package var node: FileNode?
  /// The directory in which the name is or would be.
  package var directory: FileNode
  /// Where the name lies in the path buffer.
  package var name: Range<Int>
  /// Whether the path ends with a slash.
  package var mustBeDirectory: Bool
}

extension VirtualFileSystem: PathTree {
  /// The kind of a file.
  public func kind(of node: FileNode) throws(FileSystemError) -> FileKind {
    if node.mount == FileNode.pipeMount { return .pipe }
    switch mounts[node.mount].kind {
    case .none: throw .notFound
    case .processes:
      guard let entry = ProcessNode(number: node.number) else { throw .notFound }
      return entry.entry.kind
    default: return try self[disk: node.mount].kind(of: node.inode)
    }
  }

  /// The file that a name names in a directory, beyond a mount if one covers it.
  public func child(_ name: Span<UInt8>, of directory: FileNode) throws(FileSystemError) -> FileNode {
    guard directory.mount < Self.mountCapacity else { throw .notDirectory }
    let isParent = name.count == 2 && name[0] == UInt8(ascii: ".") && name[1] == UInt8(ascii: ".")
    if isParent {
      if directory == walkRoot { return directory }
      return try parent(of: directory)
    }
    if name.count == 1, name[0] == UInt8(ascii: ".") { return directory }
    switch mounts[directory.mount].kind {
    case .none: throw .notFound
    case .processes: return try processChild(name, of: directory)
    default:
      let inode = try self[disk: directory.mount].lookUp(name, in: directory.inode)
      return covered(FileNode(mount: directory.mount, inode))
    }
  }

  /// What lies over a directory: the root of what is mounted there, or itself.
  func covered(_ node: FileNode) -> FileNode {
    for index in 1..<Self.mountCapacity where mounts[index].kind != .none && mounts[index].point == node {
      return mounts[index].root
    }
    return node
  }

  /// The directory above a directory, across mounts.
  func parent(of directory: FileNode) throws(FileSystemError) -> FileNode {
    var node = directory
    if node == mounts[node.mount].root {
      if node.mount == 0 { return node }
      node = mounts[node.mount].point
    }
    if mounts[node.mount].kind == .processes {
      guard let entry = ProcessNode(number: node.number) else { throw .notFound }
      let above: ProcessNode =
        entry.entry == .descriptors ? .init(.process, process: entry.process) : .init(.top)
      return FileNode(mount: node.mount, number: above.number)
    }
    let inode = try self[disk: node.mount].parent(of: node.inode)
    return FileNode(mount: node.mount, inode)
  }

  /// Copies a symbolic link's target so that it ends before `end`.
  public func copyTarget(
    of link: FileNode, into buffer: inout MutableSpan<UInt8>, endingAt end: Int
  ) throws(FileSystemError) -> Int {
    guard link.mount < Self.mountCapacity else { throw .invalidArgument }
    if mounts[link.mount].kind == .processes {
      return try copyProcessTarget(of: link, into: &buffer, endingAt: end)
    }
    return try self[disk: link.mount].copyTarget(of: link.inode, into: &buffer, endingAt: end)
  }

  // MARK: - Locating

  /// Finds what a path names.
  ///
  /// - Parameters:
  ///   - path: 1 to 4,095 bytes.
  ///   - directory: a descriptor or `PathFlags.workingDirectory`, where relative paths begin.
  ///   - follow: whether a symbolic link at the end is followed.
  ///   - buffer: the path buffer that holds the name afterwards.
  package mutating func locate(
    _ path: Span<UInt8>, at directory: Int32, follow: Bool, for caller: FileCaller, buffer: Int = 0
  ) throws(ErrorNumber) -> Location {
    guard path.count > 0 else { throw .noSuchFile }
    let place = places[Int(caller.place.rawValue)]
    var start = place.working
    if path[0] != UInt8(ascii: "/"), directory != PathFlags.workingDirectory {
      start = try openFile(directory, of: caller.files).node
    }
    walker = caller.process
    walkRoot = place.root
    do throws(FileSystemError) {
      return try locate(path, from: place.root, start, follow, buffer)
    } catch {
      throw note(error, on: start.mount)
    }
  }

  private func locate(
    _ path: Span<UInt8>, from root: FileNode, _ start: FileNode, _ follow: Bool, _ buffer: Int
  ) throws(FileSystemError) -> Location {
    var start = start
    var target: Range<Int>?
    var links = 0
    var mustBeDirectory = false
    var work = buffers.span(buffer)
    while true {
      let place: ResolvedPath<FileNode>
      if let target {
        place = try PathResolver.resolve(
          buffers.name(2, target), in: self, from: root, startingAt: start, .directory, using: &work)
      } else {
        place = try PathResolver.resolve(
          path, in: self, from: root, startingAt: start, .directory, using: &work)
      }
      mustBeDirectory = mustBeDirectory || place.mustBeDirectory
      guard !place.name.isEmpty else {
        return Location(node: place.node, directory: place.node, name: place.name, mustBeDirectory: true)
      }
      var location = Location(
        node: nil, directory: place.node, name: place.name, mustBeDirectory: mustBeDirectory)
      let child: FileNode
      do throws(FileSystemError) {
        child = try self.child(buffers.name(buffer, place.name), of: place.node)
      } catch {
        guard error == .notFound else { throw error }
        return location
      }
      let kind = try kind(of: child)
      if kind == .symbolicLink, follow || mustBeDirectory {
        links += 1
        guard links <= FileSystemLimits.maximumSymbolicLinks else { throw .tooManySymbolicLinks }
        if let (node, directory) = try directTarget(of: child) {
          if mustBeDirectory, try self.kind(of: node) != .directory { throw .notDirectory }
          return Location(node: node, directory: directory, name: 0..<0, mustBeDirectory: mustBeDirectory)
        }
        var text = buffers.span(2)
        let first = try copyTarget(of: child, into: &text, endingAt: text.count)
        target = first..<text.count
        start = place.node
        continue
      }
      if mustBeDirectory, kind != .directory { throw .notDirectory }
      location.node = child
      return location
    }
  }

  /// The file that a path names.
  ///
  /// - Parameters:
  ///   - directory: a descriptor or `PathFlags.workingDirectory`, where relative paths begin.
  ///   - follow: whether a symbolic link at the end is followed.
  ///   - emptyPath: whether an empty path names the descriptor's file itself.
  @export(interface)
  public mutating func node(
    _ path: Span<UInt8>, at directory: Int32 = PathFlags.workingDirectory, follow: Bool = true,
    emptyPath: Bool = false, for caller: FileCaller
  ) throws(ErrorNumber) -> FileNode {
    if path.count == 0, emptyPath {
      if directory == PathFlags.workingDirectory { return places[Int(caller.place.rawValue)].working }
      return try openFile(directory, of: caller.files).node
    }
    let location = try locate(path, at: directory, follow: follow, for: caller)
    guard let node = location.node else { throw .noSuchFile }
    return node
  }

  /// The file of a descriptor.
  public func node(of descriptor: Int32, for caller: FileCaller) throws(ErrorNumber) -> FileNode {
    try openFile(descriptor, of: caller.files).node
  }

  /// Finds a name that an operation is to give or take.
  ///
  /// - Returns: the location, whose name is not empty; the root itself is `.busy`.
  mutating func locateName(
    _ path: Span<UInt8>, at directory: Int32, for caller: FileCaller, buffer: Int = 0
  ) throws(ErrorNumber) -> (directory: FileNode, name: Range<Int>, mustBeDirectory: Bool) {
    guard path.count > 0 else { throw .noSuchFile }
    let place = places[Int(caller.place.rawValue)]
    var start = place.working
    if path[0] != UInt8(ascii: "/"), directory != PathFlags.workingDirectory {
      start = try openFile(directory, of: caller.files).node
    }
    walker = caller.process
    walkRoot = place.root
    var work = buffers.span(buffer)
    do throws(FileSystemError) {
      let found = try PathResolver.resolve(
        path, in: self, from: place.root, startingAt: start, .directory, using: &work)
      guard !found.name.isEmpty else { throw .busy }
      return (found.node, found.name, found.mustBeDirectory)
    } catch {
      throw note(error, on: start.mount)
    }
  }

  // MARK: - Paths of nodes

  /// Writes the path of a directory as seen from `root` into `buffer`; returns its length.
  ///
  /// - Throws: `.noSuchFile` for a directory that has been removed, `.outOfRange` when the buffer is too small.
  package mutating func path(
    ofDirectory directory: FileNode, from root: FileNode, into buffer: inout MutableSpan<UInt8>
  ) throws(ErrorNumber) -> Int {
    do throws(FileSystemError) {
      let start = try writePath(of: directory, from: root, into: &buffer, endingAt: buffer.count)
      let length = buffer.count - start
      for index in 0..<length { buffer[index] = buffer[start + index] }
      return length
    } catch {
      if error == .nameTooLong { throw .outOfRange }
      throw note(error, on: directory.mount)
    }
  }

  /// Writes the path of a directory so that it ends before `end`; returns where it begins.
  ///
  /// - Throws: `.nameTooLong` when there is too little room.
  func writePath(
    of directory: FileNode, from root: FileNode, into buffer: inout MutableSpan<UInt8>, endingAt end: Int
  ) throws(FileSystemError) -> Int {
    var position = end
    var node = directory
    var steps = 0
    while node != root, node != mounts[0].root {
      steps += 1
      guard steps <= FileSystemLimits.maximumPathLength else { throw .nameTooLong }
      // Below a mount, the name is the one of the directory that it covers.
      let named = node == mounts[node.mount].root ? mounts[node.mount].point : node
      let above = try parent(of: node)
      position = try writeName(of: named, in: above, into: &buffer, endingAt: position)
      guard position > 0 else { throw .nameTooLong }
      position -= 1
      buffer[position] = UInt8(ascii: "/")
      node = above
    }
    if position == end {
      guard position > 0 else { throw .nameTooLong }
      position -= 1
      buffer[position] = UInt8(ascii: "/")
    }
    return position
  }

  /// Writes a name that a file has in a directory so that it ends before `end`; returns where it begins.
  func writeName(
    of node: FileNode, in directory: FileNode, into buffer: inout MutableSpan<UInt8>, endingAt end: Int
  ) throws(FileSystemError) -> Int {
    guard node.mount == directory.mount else { throw .notFound }
    if mounts[node.mount].kind == .processes {
      guard let entry = ProcessNode(number: node.number) else { throw .notFound }
      let text = entry.entry == .process ? ShortText(entry.process) : ShortText(entry.entry.name)
      guard text.count <= end else { throw .nameTooLong }
      for index in 0..<text.count { buffer[end - text.count + index] = text.bytes[index] }
      return end - text.count
    }
    var position: UInt64 = 0
    while let entry = try self[disk: directory.mount].entry(of: directory.inode, at: position) {
      position = entry.next
      guard entry.inode == node.inode, let place = entry.namePlace else { continue }
      guard entry.nameLength <= end else { throw .nameTooLong }
      self[disk: directory.mount].store.copy(
        from: place, count: entry.nameLength, into: &buffer, at: end - entry.nameLength)
      return end - entry.nameLength
    }
    throw .notFound
  }
}
