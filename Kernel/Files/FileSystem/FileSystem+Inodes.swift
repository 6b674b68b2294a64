/// The life of inodes: given out, held open, nameless, taken back; and the attributes that callers set.

import FileSystemFormat

/// Who makes a file, with which permissions and when.
public struct FileAttributes: BitwiseCopyable, Sendable {
  /// Set-id, sticky and permission bits.
  public var permissions: UInt16
  /// The owner's user number.
  public var owner: UInt32
  /// The owning group's number.
  public var group: UInt32
  /// All three times of the new file, and when its directory changed.
  public var now: Timestamp

  /// Makes a set of attributes.
  public init(permissions: UInt16, owner: UInt32 = 0, group: UInt32 = 0, now: Timestamp) {
    self.permissions = permissions
    self.owner = owner
    self.group = group
    self.now = now
  }
}

extension FileSystem {
  /// Notes that somebody holds the file open: it outlives its last name until `release`.
  public mutating func retain(_ inode: InodeNumber) throws(FileSystemError) {
    let place = try placeHere(of: inode)
    guard countsReferences else { return }
    let (count, overflow) = store.load(UInt32.self, at: place + InodeLayout.references)
      .addingReportingOverflow(1)
    guard !overflow else { throw .corrupt(.badReferenceCount) }
    store.store(count, at: place + InodeLayout.references)
  }

  /// Gives back one `retain`; a file without a name goes with its last holder.
  public mutating func release(_ inode: InodeNumber) throws(FileSystemError) {
    guard countsReferences else { return }
    let place = try placeHere(of: inode)
    let count = store.load(UInt32.self, at: place + InodeLayout.references)
    guard count > 0 else { throw .corrupt(.badReferenceCount) }
    store.store(count - 1, at: place + InodeLayout.references)
    guard count == 1, store.linkCount(at: place) == 0, !isReadOnly else { return }
    if orphanCount > 0 { orphanCount -= 1 }
    try freeInode(inode, at: place)
  }

  /// Makes an empty file without a name, held open once, as `O_TMPFILE` and `memfd_create` want it.
  public mutating func createNameless(_ attributes: FileAttributes) throws(FileSystemError) -> InodeNumber {
    try requireWritable()
    let (inode, place) = try allocateInode(.regular, attributes)
    store.store(UInt32(1), at: place + InodeLayout.references)
    orphanCount += 1
    return inode
  }

  // MARK: - Attributes

  /// Sets the permission, set-id and sticky bits.
  public mutating func setPermissions(
    _ permissions: UInt16, of inode: InodeNumber, at now: Timestamp
  ) throws(FileSystemError) {
    try requireWritable()
    let place = try place(of: inode)
    store.store(
      FileMode(try kind(at: place), permissions).rawValue, at: place + InodeLayout.mode)
    touchChanged(at: place, now)
  }

  /// Sets the owner and the group; `nil` leaves one as it is.
  public mutating func setOwner(
    _ owner: UInt32?, group: UInt32?, of inode: InodeNumber, at now: Timestamp
  ) throws(FileSystemError) {
    try requireWritable()
    let place = try place(of: inode)
    if let owner { store.store(owner, at: place + InodeLayout.owner) }
    if let group { store.store(group, at: place + InodeLayout.group) }
    touchChanged(at: place, now)
  }

  /// Sets the times of access and modification; `nil` leaves one as it is.
  ///
  /// - Throws: `.invalidArgument` for a second or more of nanoseconds.
  public mutating func setTimes(
    accessed: Timestamp?, modified: Timestamp?, of inode: InodeNumber, at now: Timestamp
  ) throws(FileSystemError) {
    try requireWritable()
    let place = try place(of: inode)
    guard (accessed?.nanoseconds ?? 0) < 1_000_000_000, (modified?.nanoseconds ?? 0) < 1_000_000_000 else {
      throw .invalidArgument
    }
    if let accessed {
      store.setTime(accessed, at: place, InodeLayout.accessed, InodeLayout.accessedNanoseconds)
    }
    if let modified {
      store.setTime(modified, at: place, InodeLayout.modified, InodeLayout.modifiedNanoseconds)
    }
    touchChanged(at: place, now)
  }

  /// Stamps a file as read, as Linux does by default: only if that tells more than the other times, or a day
  /// has passed.
  public mutating func touchAccessed(_ inode: InodeNumber, at now: Timestamp) throws(FileSystemError) {
    guard !isReadOnly else { return }
    let place = try placeHere(of: inode)
    let accessed = store.time(at: place, InodeLayout.accessed, InodeLayout.accessedNanoseconds)
    let modified = store.time(at: place, InodeLayout.modified, InodeLayout.modifiedNanoseconds)
    let changed = store.time(at: place, InodeLayout.changed, InodeLayout.changedNanoseconds)
    let (age, overflow) = now.seconds.subtractingReportingOverflow(accessed.seconds)
    guard accessed <= modified || accessed <= changed || overflow || age >= 86_400 else { return }
    store.setTime(now, at: place, InodeLayout.accessed, InodeLayout.accessedNanoseconds)
  }

  mutating func touchModified(at place: Int, _ now: Timestamp) {
    store.setTime(now, at: place, InodeLayout.modified, InodeLayout.modifiedNanoseconds)
    touchChanged(at: place, now)
  }

  mutating func touchChanged(at place: Int, _ now: Timestamp) {
    store.setTime(now, at: place, InodeLayout.changed, InodeLayout.changedNanoseconds)
  }

  // MARK: - Giving out and taking back

  /// Gives out an inode without names, all of it zero but kind and attributes.
  mutating func allocateInode(
    _ kind: FileKind, _ attributes: FileAttributes
  ) throws(FileSystemError) -> (inode: InodeNumber, place: Int) {
    guard freeInodes > 0, let bit = inodeMap.firstClear(from: inodeHint, in: store) else { throw .noSpace }
    let inode = InodeNumber(bit + 1)
    guard let place = geometry.offset(of: inode) else { throw .corrupt(.badInodeNumber) }
    inodeMap.set(bit, true, in: &store)
    inodeHint = bit
    freeInodes -= 1
    store.fill(place, count: FileSystemLimits.inodeSize)
    store.store(FileMode(kind, attributes.permissions).rawValue, at: place + InodeLayout.mode)
    store.store(attributes.owner, at: place + InodeLayout.owner)
    store.store(attributes.group, at: place + InodeLayout.group)
    store.setTime(attributes.now, at: place, InodeLayout.accessed, InodeLayout.accessedNanoseconds)
    touchModified(at: place, attributes.now)
    return (inode, place)
  }

  /// Takes one name from the inode at `place`; without names and holders it goes.
  mutating func dropLinks(
    _ count: UInt32, of inode: InodeNumber, at place: Int, now: Timestamp
  ) throws(FileSystemError) {
    let links = store.linkCount(at: place)
    guard links >= count else { throw .corrupt(.badLinkCount) }
    store.store(links - count, at: place + InodeLayout.links)
    touchChanged(at: place, now)
    guard links == count else { return }
    if store.load(UInt32.self, at: place + InodeLayout.references) > 0 {
      orphanCount += 1
    } else {
      try freeInode(inode, at: place)
    }
  }

  /// Frees an inode and all its blocks.
  mutating func freeInode(_ inode: InodeNumber, at place: Int) throws(FileSystemError) {
    guard inode != .root else { throw .corrupt(.badLinkCount) }
    if !hasInlineTarget(at: place) { try freeBlocks(from: 0, at: place) }
    store.fill(place, count: FileSystemLimits.inodeSize)
    let bit = inode.rawValue - 1
    inodeMap.set(bit, false, in: &store)
    if bit < inodeHint { inodeHint = bit }
    freeInodes += 1
  }

  /// Removes all files without a name and forgets who held what, after a run that did not end in order.
  public mutating func removeOrphans() throws(FileSystemError) {
    for bit in 0..<geometry.inodeCount where inodeMap.contains(bit, in: store) {
      let inode = InodeNumber(bit + 1)
      let place = try place(of: inode)
      if store.load(UInt32.self, at: place + InodeLayout.references) != 0 {
        store.store(UInt32(0), at: place + InodeLayout.references)
      }
      if store.linkCount(at: place) == 0, inode != .root { try freeInode(inode, at: place) }
    }
    orphanCount = 0
  }
}
