/// From an archive in memory to a tree in a file system: how a ramdisk that is a cpio archive becomes the root.
///
/// An archive is a claim. The reader checks its form, and here its names are checked: they never lead out of the
/// tree, not by `..` and not through a symbolic link. Nothing is allocated; the first names of hard links are found
/// by reading the archive again, which costs time only for files with several names.

import Archive
import FileSystem
import FileSystemFormat

/// Why an archive could not be loaded; what came before stays loaded.
public enum ArchiveLoadError: Error, BitwiseCopyable, Equatable, Sendable {
  /// The archive is malformed.
  case archive(ArchiveError)
  /// A file could not be made; the name begins at this byte of the archive.
  case file(FileSystemError, nameAt: Int)
}

/// Loads archives.
public enum ArchiveLoader {
  /// Makes all files of an archive, in the root of `disk`.
  ///
  /// - Returns: the number of entries.
  @export(interface)
  public static func load(_ archive: Span<UInt8>, into disk: inout FileSystem) throws(ArchiveLoadError) -> Int
  {
    var count = 0
    try forEach(of: archive) { entry, reader throws(FileSystemError) in
      count += 1
      try make(entry, reader, archive, in: &disk)
    }
    return count
  }

  private static func forEach(
    of archive: Span<UInt8>, _ body: (ArchiveEntry, borrowing ArchiveReader) throws(FileSystemError) -> Void
  ) throws(ArchiveLoadError) {
    var reader = ArchiveReader(archive)
    while true {
      let entry: ArchiveEntry?
      do throws(ArchiveError) {
        entry = try reader.next()
      } catch {
        throw .archive(error)
      }
      guard let entry else { return }
      do throws(FileSystemError) {
        try body(entry, reader)
      } catch {
        throw .file(error, nameAt: entry.name.lowerBound)
      }
    }
  }

  /// The directory that has or gets an entry's name, and where in the name its last component lies; an empty range
  /// stands for the root.
  private static func place(
    _ name: Span<UInt8>, in disk: inout FileSystem, at now: Timestamp
  ) throws(FileSystemError) -> (directory: InodeNumber, last: Range<Int>) {
    var directory = InodeNumber.root
    var last = 0..<0
    var position = 0
    while position < name.count {
      let start = position
      while position < name.count, name[position] != UInt8(ascii: "/") { position += 1 }
      let component = start..<position
      position += 1
      if component.isEmpty || component.count == 1 && name[start] == UInt8(ascii: ".") { continue }
      if component.count == 2, name[start] == UInt8(ascii: "."), name[start + 1] == UInt8(ascii: ".") {
        throw .invalidArgument
      }
      if !last.isEmpty { directory = try enter(name.extracting(last), directory, &disk, now) }
      last = component
    }
    return (directory, last)
  }

  private static func enter(
    _ name: Span<UInt8>, _ directory: InodeNumber, _ disk: inout FileSystem, _ now: Timestamp
  ) throws(FileSystemError) -> InodeNumber {
    do throws(FileSystemError) {
      let found = try disk.lookUp(name, in: directory)
      guard try disk.kind(of: found) == .directory else { throw .notDirectory }
      return found
    } catch {
      guard error == .notFound else { throw error }
      return try disk.createDirectory(
        named: name, in: directory, FileAttributes(permissions: 0o755, now: now))
    }
  }

  private static func make(
    _ entry: ArchiveEntry, _ reader: borrowing ArchiveReader, _ archive: Span<UInt8>,
    in disk: inout FileSystem
  ) throws(FileSystemError) {
    let now = Timestamp(seconds: Int64(entry.modificationTime))
    let path = reader.bytes(in: entry.name)
    let (directory, last) = try place(path, in: &disk, at: now)
    guard !last.isEmpty else {
      if entry.kind == .directory { try describe(.root, by: entry, in: &disk) }
      return
    }
    // What comes into a directory leaves its times as its own entry has them.
    let times = try disk.status(of: directory)
    try make(entry, path.extracting(last), in: directory, reader, archive, &disk, now)
    try disk.setTimes(
      accessed: times.accessed, modified: times.modified, of: directory, at: times.changed)
  }

  /// Gives a directory that is there already what its entry says.
  private static func describe(
    _ directory: InodeNumber, by entry: ArchiveEntry, in disk: inout FileSystem
  ) throws(FileSystemError) {
    let time = Timestamp(seconds: Int64(entry.modificationTime))
    try disk.setPermissions(entry.permissions, of: directory, at: time)
    try disk.setOwner(entry.userID, group: entry.groupID, of: directory, at: time)
    try disk.setTimes(accessed: time, modified: time, of: directory, at: time)
  }

  private static func make(
    _ entry: ArchiveEntry, _ name: Span<UInt8>, in directory: InodeNumber, _ reader: borrowing ArchiveReader,
    _ archive: Span<UInt8>, _ disk: inout FileSystem, _ now: Timestamp
  ) throws(FileSystemError) {
    do throws(FileSystemError) {
      return try makeNew(entry, name, in: directory, reader, archive, &disk, now)
    } catch {
      guard error == .exists else { throw error }
    }
    // A name that comes again stands for the later file, as in Linux's initramfs.
    let old = try disk.lookUp(name, in: directory)
    if try disk.kind(of: old) == .directory {
      guard entry.kind == .directory else { throw .exists }
      return try describe(old, by: entry, in: &disk)
    }
    try disk.unlink(name, in: directory, at: now)
    try makeNew(entry, name, in: directory, reader, archive, &disk, now)
  }

  private static func makeNew(
    _ entry: ArchiveEntry, _ name: Span<UInt8>, in directory: InodeNumber, _ reader: borrowing ArchiveReader,
    _ archive: Span<UInt8>, _ disk: inout FileSystem, _ now: Timestamp
  ) throws(FileSystemError) {
    let attributes = FileAttributes(
      permissions: entry.permissions, owner: entry.userID, group: entry.groupID, now: now)
    let data = reader.bytes(in: entry.data)
    switch entry.kind {
    case .directory: _ = try disk.createDirectory(named: name, in: directory, attributes)
    case .symbolicLink: _ = try disk.createSymbolicLink(to: data, named: name, in: directory, attributes)
    case .pipe: _ = try disk.create(.pipe, named: name, in: directory, attributes)
    case .socket: _ = try disk.create(.socket, named: name, in: directory, attributes)
    case .characterDevice, .blockDevice:
      let number = DeviceNumber(major: entry.deviceMajor, minor: entry.deviceMinor)
      let kind: FileKind = entry.kind == .characterDevice ? .characterDevice : .blockDevice
      _ = try disk.createDevice(kind, number, named: name, in: directory, attributes)
    case .file:
      let inode: InodeNumber
      if entry.linkCount > 1, let first = try firstName(of: entry, archive, in: &disk) {
        inode = first
        try disk.link(inode, as: name, in: directory, at: now)
      } else {
        inode = try disk.create(named: name, in: directory, attributes)
      }
      guard data.count > 0 else { return }
      // With hard links the content comes with one of the names.
      guard try disk.write(data, to: inode, at: 0, now: now) == data.count else { throw .noSpace }
    }
  }

  /// The file that an earlier entry has made and that this one is a further name of.
  private static func firstName(
    of entry: ArchiveEntry, _ archive: Span<UInt8>, in disk: inout FileSystem
  ) throws(FileSystemError) -> InodeNumber? {
    var reader = ArchiveReader(archive)
    while let other = (try? reader.next()) ?? nil, other.name.lowerBound < entry.name.lowerBound {
      guard other.kind == .file, other.inode == entry.inode, other.linkCount > 1 else { continue }
      return try find(reader.bytes(in: other.name), in: &disk)
    }
    return nil
  }

  private static func find(
    _ path: Span<UInt8>, in disk: inout FileSystem
  ) throws(FileSystemError) -> InodeNumber? {
    let (directory, last) = try place(path, in: &disk, at: Timestamp(seconds: 0))
    if last.isEmpty { return .root }
    return try? disk.lookUp(path.extracting(last), in: directory)
  }
}
