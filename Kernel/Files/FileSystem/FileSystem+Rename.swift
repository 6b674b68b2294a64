/// Renaming, the one operation that touches two directories and up to two files.

import FileSystemFormat

/// What `rename` does when the new name is taken.
public enum RenameBehavior: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// The file that has the name loses it.
  case replace
  /// The call is refused with `.exists`.
  case keep
  /// Both files change names.
  case exchange
}

extension FileSystem {
  /// Gives the file `oldName` in `oldDirectory` the name `newName` in `newDirectory` instead.
  ///
  /// A file is replaced by a file and an empty directory by a directory. Two names of one file stay as they are.
  ///
  /// - Throws: `.notFound`, `.exists`, `.notDirectory`, `.isDirectory`, `.notEmpty`, `.noSpace`, `.tooManyLinks`,
  ///   `.invalidArgument` when a directory would lie in itself, `.busy` for `.` and `..`.
  public mutating func rename(
    _ oldName: Span<UInt8>, in oldDirectory: InodeNumber, to newName: Span<UInt8>,
    in newDirectory: InodeNumber, _ behavior: RenameBehavior = .replace, at now: Timestamp
  ) throws(FileSystemError) {
    try requireWritable()
    let oldParent = try livingDirectoryPlace(oldDirectory)
    let newParent = try livingDirectoryPlace(newDirectory)
    try Self.requireRenamable(oldName)
    try Self.requireRenamable(newName)
    guard let old = try find(oldName, at: oldParent) else { throw .notFound }
    let place = try place(of: old.inode)
    let kind = try kind(at: place)
    let other = try find(newName, at: newParent)
    guard behavior != .keep || other == nil else { throw .exists }
    guard behavior != .exchange || other != nil else { throw .notFound }
    if kind == .directory { try requireOutside(newDirectory, of: old.inode) }
    if let other {
      guard other.inode != old.inode else { return }
      let otherPlace = try self.place(of: other.inode)
      let otherKind = try self.kind(at: otherPlace)
      if behavior == .exchange {
        if otherKind == .directory { try requireOutside(oldDirectory, of: other.inode) }
        try exchange(
          (old, place, kind, oldParent, oldDirectory), (other, otherPlace, otherKind, newParent, newDirectory)
        )
        touchChanged(at: otherPlace, now)
      } else {
        try requireReplaceable(otherPlace, otherKind, by: kind)
        try requireRoomForLink(of: kind, from: oldParent, to: newParent, replacing: otherKind)
        store.store(old.record.inode, at: other.record.place)
        store.store(kind.rawValue, at: other.record.place + 7)
        try moveParent(of: place, kind, from: oldParent, to: newParent, newDirectory)
        try erase(old, at: oldParent)
        if otherKind == .directory {
          try dropDirectory(other.inode, at: otherPlace, from: newParent, now: now)
        } else {
          try dropLinks(1, of: other.inode, at: otherPlace, now: now)
        }
      }
    } else {
      try requireRoomForLink(of: kind, from: oldParent, to: newParent, replacing: nil)
      let room = try makeRoom(forName: newName.count, at: newParent)
      fill(room, of: newParent, with: newName, naming: old.inode, kind)
      try moveParent(of: place, kind, from: oldParent, to: newParent, newDirectory)
      // Making room may have split the old record or put one before it: find it anew.
      guard let again = try find(oldName, at: oldParent) else { throw .corrupt(.badDirectoryRecord) }
      try erase(again, at: oldParent)
    }
    touchChanged(at: place, now)
    touchModified(at: oldParent, now)
    touchModified(at: newParent, now)
  }

  private static func requireRenamable(_ name: Span<UInt8>) throws(FileSystemError) {
    guard name.count > 0 else { throw .notFound }
    guard name.count <= FileSystemLimits.maximumNameLength else { throw .nameTooLong }
    guard !isDot(name), !isDotDot(name) else { throw .busy }
    for index in name.indices where name[index] == 0 || name[index] == UInt8(ascii: "/") {
      throw .invalidArgument
    }
  }

  /// Refuses `directory` when it is `ancestor` or lies below it.
  private func requireOutside(_ directory: InodeNumber, of ancestor: InodeNumber) throws(FileSystemError) {
    var current = directory
    for _ in 0...geometry.inodeCount {
      guard current != ancestor else { throw .invalidArgument }
      guard current != .root else { return }
      current = try parent(of: current)
    }
    throw .corrupt(.badParent)
  }

  private func requireReplaceable(_ place: Int, _ kind: FileKind, by new: FileKind) throws(FileSystemError) {
    if kind == .directory {
      guard new == .directory else { throw .isDirectory }
      guard try isEmptyDirectory(at: place) else { throw .notEmpty }
    } else {
      guard new != .directory else { throw .notDirectory }
    }
  }

  /// Refuses a directory that would be one subdirectory too many.
  private func requireRoomForLink(
    of kind: FileKind, from oldParent: Int, to newParent: Int, replacing other: FileKind?
  ) throws(FileSystemError) {
    guard kind == .directory, oldParent != newParent, other != .directory else { return }
    guard store.linkCount(at: newParent) < FileSystemLimits.maximumLinkCount else { throw .tooManyLinks }
  }

  /// Tells a directory, and both parents' link counts, that it lies elsewhere now.
  private mutating func moveParent(
    of place: Int, _ kind: FileKind, from oldParent: Int, to newParent: Int, _ newDirectory: InodeNumber
  ) throws(FileSystemError) {
    guard kind == .directory, oldParent != newParent else { return }
    let oldLinks = store.linkCount(at: oldParent)
    guard oldLinks > 2 else { throw .corrupt(.badLinkCount) }
    store.store(newDirectory.rawValue, at: place + InodeLayout.device)
    store.store(oldLinks - 1, at: oldParent + InodeLayout.links)
    store.store(store.linkCount(at: newParent) &+ 1, at: newParent + InodeLayout.links)
  }

  /// A file as `exchange` needs it: its record, inode, kind, and the directory it lies in.
  private typealias Named = (
    record: FoundRecord, place: Int, kind: FileKind, parent: Int, directory: InodeNumber
  )

  private mutating func exchange(_ first: Named, _ second: Named) throws(FileSystemError) {
    if first.kind != second.kind {
      try requireRoomForLink(of: first.kind, from: first.parent, to: second.parent, replacing: nil)
      try requireRoomForLink(of: second.kind, from: second.parent, to: first.parent, replacing: nil)
    }
    store.store(second.record.record.inode, at: first.record.record.place)
    store.store(second.kind.rawValue, at: first.record.record.place + 7)
    store.store(first.record.record.inode, at: second.record.record.place)
    store.store(first.kind.rawValue, at: second.record.record.place + 7)
    try moveParent(of: first.place, first.kind, from: first.parent, to: second.parent, second.directory)
    try moveParent(of: second.place, second.kind, from: second.parent, to: first.parent, first.directory)
  }
}
