/// Giving files names and taking them away.

import FileSystemFormat

extension FileSystem {
  /// The file that `name` names in a directory.
  ///
  /// `.` and `..` are names here, `..` of the root is the root.
  ///
  /// - Throws: `.notFound`, `.notDirectory`, `.nameTooLong`.
  public func lookUp(_ name: Span<UInt8>, in directory: InodeNumber) throws(FileSystemError) -> InodeNumber {
    let place = try directoryPlace(directory)
    if Self.isDot(name) { return directory }
    if Self.isDotDot(name) { return try parent(of: directory) }
    guard name.count <= FileSystemLimits.maximumNameLength else { throw .nameTooLong }
    guard let found = try find(name, at: place) else { throw .notFound }
    return found.inode
  }

  /// The directory that a directory lies in; of the root, itself.
  public func parent(of directory: InodeNumber) throws(FileSystemError) -> InodeNumber {
    let place = try directoryPlace(directory)
    let parent = InodeNumber(store.load(at: place + InodeLayout.device))
    // A removed directory outlives its parent, perhaps; then there is nothing above it.
    if store.linkCount(at: place) == 0 {
      guard let above = geometry.offset(of: parent), store.mode(at: above).kind == .directory else {
        throw .notFound
      }
      return parent
    }
    guard let above = geometry.offset(of: parent), store.mode(at: above).kind == .directory else {
      throw .corrupt(.badParent)
    }
    return parent
  }

  /// Makes a regular file, pipe or socket.
  ///
  /// - Throws: `.exists`, `.noSpace`, `.nameTooLong`, `.invalidArgument` for an empty or reserved name.
  public mutating func create(
    _ kind: FileKind = .regular, named name: Span<UInt8>, in directory: InodeNumber,
    _ attributes: FileAttributes
  ) throws(FileSystemError) -> InodeNumber {
    guard kind == .regular || kind == .pipe || kind == .socket else { throw .invalidArgument }
    return try makeNode(kind, name, in: directory, attributes).inode
  }

  /// Makes a device node.
  public mutating func createDevice(
    _ kind: FileKind, _ device: DeviceNumber, named name: Span<UInt8>, in directory: InodeNumber,
    _ attributes: FileAttributes
  ) throws(FileSystemError) -> InodeNumber {
    guard kind.isDevice else { throw .invalidArgument }
    let (inode, place) = try makeNode(kind, name, in: directory, attributes)
    store.store(device.rawValue, at: place + InodeLayout.device)
    return inode
  }

  /// Makes a directory.
  public mutating func createDirectory(
    named name: Span<UInt8>, in directory: InodeNumber, _ attributes: FileAttributes
  ) throws(FileSystemError) -> InodeNumber {
    try requireWritable()
    let parentPlace = try livingDirectoryPlace(directory)
    try requireFree(name, at: parentPlace)
    guard store.linkCount(at: parentPlace) < FileSystemLimits.maximumLinkCount else { throw .tooManyLinks }
    let (inode, place) = try makeNode(.directory, name, in: directory, attributes)
    store.store(UInt32(2), at: place + InodeLayout.links)
    store.store(directory.rawValue, at: place + InodeLayout.device)
    store.store(store.linkCount(at: parentPlace) + 1, at: parentPlace + InodeLayout.links)
    return inode
  }

  /// Makes a symbolic link to a target of 1 to 4,095 bytes.
  public mutating func createSymbolicLink(
    to target: Span<UInt8>, named name: Span<UInt8>, in directory: InodeNumber, _ attributes: FileAttributes
  ) throws(FileSystemError) -> InodeNumber {
    guard target.count > 0 else { throw .notFound }
    guard target.count <= FileSystemLimits.maximumPathLength else { throw .nameTooLong }
    for index in target.indices where target[index] == 0 { throw .invalidArgument }
    try requireWritable()
    // The target's block may be the one block too many; then the new name goes again, and nobody saw it.
    let parentPlace = try livingDirectoryPlace(directory)
    let modified = store.time(at: parentPlace, InodeLayout.modified, InodeLayout.modifiedNanoseconds)
    let changed = store.time(at: parentPlace, InodeLayout.changed, InodeLayout.changedNanoseconds)
    let (inode, place) = try makeNode(.symbolicLink, name, in: directory, attributes)
    if target.count <= FileSystemLimits.inlineTargetLength {
      store.copy(target, from: 0, count: target.count, to: place + InodeLayout.direct)
    } else {
      do throws(FileSystemError) {
        let block = try ensureBlock(0, at: place)
        store.copy(target, from: 0, count: target.count, to: geometry.offset(ofBlock: block))
      } catch {
        try undoNode(named: name, in: directory)
        touchModified(at: parentPlace, modified)
        touchChanged(at: parentPlace, changed)
        throw error
      }
    }
    store.store(UInt64(target.count), at: place + InodeLayout.size)
    return inode
  }

  /// Where the target of a symbolic link lies in the store.
  public func target(of link: InodeNumber) throws(FileSystemError) -> (offset: Int, count: Int) {
    let place = try place(of: link)
    guard try kind(at: place) == .symbolicLink else { throw .invalidArgument }
    let size = try checkedSize(at: place)
    guard size >= 1, size <= UInt64(FileSystemLimits.maximumPathLength) else {
      throw .corrupt(.badSymbolicLink)
    }
    if hasInlineTarget(at: place) { return (place + InodeLayout.direct, Int(size)) }
    guard let block = try block(0, at: place) else { throw .corrupt(.badSymbolicLink) }
    return (geometry.offset(ofBlock: block), Int(size))
  }

  /// Gives a file that is not a directory one more name.
  ///
  /// - Throws: `.exists`, `.notPermitted` for a directory, `.tooManyLinks`, `.noSpace`, `.notFound` for a file
  ///   that has lost its last name.
  public mutating func link(
    _ inode: InodeNumber, as name: Span<UInt8>, in directory: InodeNumber, at now: Timestamp
  ) throws(FileSystemError) {
    try requireWritable()
    let parentPlace = try livingDirectoryPlace(directory)
    let place = try place(of: inode)
    let kind = try kind(at: place)
    guard kind != .directory else { throw .notPermitted }
    try requireFree(name, at: parentPlace)
    let links = store.linkCount(at: place)
    guard links > 0 else { throw .notFound }
    guard links < FileSystemLimits.maximumLinkCount else { throw .tooManyLinks }
    let room = try makeRoom(forName: name.count, at: parentPlace)
    fill(room, of: parentPlace, with: name, naming: inode, kind)
    store.store(links + 1, at: place + InodeLayout.links)
    touchChanged(at: place, now)
    touchModified(at: parentPlace, now)
  }

  /// Takes a name from a file that is not a directory; the last name takes the file with it, once nobody holds
  /// it open.
  public mutating func unlink(
    _ name: Span<UInt8>, in directory: InodeNumber, at now: Timestamp
  ) throws(FileSystemError) {
    try requireWritable()
    let parentPlace = try livingDirectoryPlace(directory)
    guard !Self.isDot(name), !Self.isDotDot(name) else { throw .isDirectory }
    guard let found = try find(name, at: parentPlace) else { throw .notFound }
    let place = try place(of: found.inode)
    guard try kind(at: place) != .directory else { throw .isDirectory }
    try erase(found, at: parentPlace)
    touchModified(at: parentPlace, now)
    try dropLinks(1, of: found.inode, at: place, now: now)
  }

  /// Removes an empty directory.
  public mutating func removeDirectory(
    _ name: Span<UInt8>, in directory: InodeNumber, at now: Timestamp
  ) throws(FileSystemError) {
    try requireWritable()
    let parentPlace = try livingDirectoryPlace(directory)
    guard !Self.isDot(name) else { throw .invalidArgument }
    guard !Self.isDotDot(name) else { throw .notEmpty }
    guard let found = try find(name, at: parentPlace) else { throw .notFound }
    let place = try directoryPlace(found.inode)
    guard found.inode != .root, found.inode != directory else { throw .corrupt(.badParent) }
    guard try isEmptyDirectory(at: place) else { throw .notEmpty }
    try erase(found, at: parentPlace)
    touchModified(at: parentPlace, now)
    try dropDirectory(found.inode, at: place, from: parentPlace, now: now)
  }

  /// Takes the last name from a directory: its own two links and the one it gives its parent.
  mutating func dropDirectory(
    _ inode: InodeNumber, at place: Int, from parentPlace: Int, now: Timestamp
  ) throws(FileSystemError) {
    let parentLinks = store.linkCount(at: parentPlace)
    guard parentLinks > 2, store.linkCount(at: place) == 2 else { throw .corrupt(.badLinkCount) }
    store.store(parentLinks - 1, at: parentPlace + InodeLayout.links)
    try dropLinks(2, of: inode, at: place, now: now)
  }

  // MARK: - Parts

  static func isDot(_ name: Span<UInt8>) -> Bool { name.count == 1 && name[0] == UInt8(ascii: ".") }

  static func isDotDot(_ name: Span<UInt8>) -> Bool {
    name.count == 2 && name[0] == UInt8(ascii: ".") && name[1] == UInt8(ascii: ".")
  }

  /// Makes sure that `name` can be given in the directory at `place`: well-formed and not taken.
  func requireFree(_ name: Span<UInt8>, at place: Int) throws(FileSystemError) {
    guard name.count > 0 else { throw .notFound }
    guard name.count <= FileSystemLimits.maximumNameLength else { throw .nameTooLong }
    guard !Self.isDot(name), !Self.isDotDot(name) else { throw .exists }
    for index in name.indices where name[index] == 0 || name[index] == UInt8(ascii: "/") {
      throw .invalidArgument
    }
    if isAfterAll(name, at: place) { return }
    guard try find(name, at: place) == nil else { throw .exists }
  }

  /// Makes an inode with one name.
  private mutating func makeNode(
    _ kind: FileKind, _ name: Span<UInt8>, in directory: InodeNumber, _ attributes: FileAttributes
  ) throws(FileSystemError) -> (inode: InodeNumber, place: Int) {
    try requireWritable()
    let parentPlace = try livingDirectoryPlace(directory)
    try requireFree(name, at: parentPlace)
    guard freeInodes > 0 else { throw .noSpace }
    let room = try makeRoom(forName: name.count, at: parentPlace)
    let (inode, place) = try allocateInode(kind, attributes)
    store.store(UInt32(1), at: place + InodeLayout.links)
    fill(room, of: parentPlace, with: name, naming: inode, kind)
    touchModified(at: parentPlace, attributes.now)
    return (inode, place)
  }

  /// Takes back what `makeNode` has just made.
  private mutating func undoNode(named name: Span<UInt8>, in directory: InodeNumber) throws(FileSystemError) {
    let parentPlace = try directoryPlace(directory)
    guard let found = try find(name, at: parentPlace) else { throw .corrupt(.badDirectoryRecord) }
    try erase(found, at: parentPlace)
    try freeInode(found.inode, at: try place(of: found.inode))
  }
}
