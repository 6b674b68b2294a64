/// A mounted image: the operations of a Unix file system on inodes, in place in memory.
///
/// The same source serves the kernel, the tool that writes images and the tests. It knows no processes, no paths
/// across mounts and no clock: names, numbers and times are passed in, and whoever calls sees to it that one
/// operation runs at a time. Nothing here trusts the image: every number read is checked before it is used, and
/// what contradicts itself is refused with `.corrupt`. See Docs/filesystem.md.

import FileSystemFormat

/// A mounted image.
///
/// - Invariant: between operations the image is consistent, however short of space it is: an operation makes
///   sure of all the blocks and inodes it may need before it changes the first byte that names them.
public struct FileSystem: ~Copyable {
  /// The memory that holds the image.
  public internal(set) var store: BlockStore

  /// Where the image's regions lie.
  public let geometry: Geometry

  /// Whether operations that change the image are refused.
  public private(set) var isReadOnly: Bool

  /// Whether the image had been unmounted in order before this mount.
  public let wasClean: Bool

  /// Blocks that can still be given out.
  public internal(set) var freeBlocks: UInt32

  /// Inodes that can still be given out.
  public internal(set) var freeInodes: UInt32

  /// Files without a name that somebody still holds open.
  public internal(set) var orphanCount: UInt32 = 0

  /// Whether holders are counted in the inodes: not when the image was mounted read-only and must stay as it is.
  var countsReferences: Bool
  var superblock: Superblock
  var blockHint: UInt32
  var inodeHint: UInt32 = 0
  var roomHint = RoomHint()
  var orderHint = OrderHint()
  let blockMap: Bitmap
  let inodeMap: Bitmap

  /// Mounts an image.
  ///
  /// Mounting for writing marks the image as in use. If it was in use already, `wasClean` is false: the caller
  /// runs the checker if it wants to, and then `removeOrphans`.
  ///
  /// - Parameters:
  ///   - store: the memory that holds the image.
  ///   - readOnly: whether to refuse every change.
  /// - Throws: `.corrupt` when the superblock, the bitmaps' metadata bits or the root are not what they must be.
  public init(mounting store: consuming BlockStore, readOnly: Bool = false) throws(FileSystemError) {
    var superblock = try Self.check(store)
    let wasClean = superblock.state == .clean
    if !readOnly {
      superblock.state = .mounted
      superblock.mountCount &+= 1
      superblock.write(to: &store)
    }
    self.init(checked: superblock, wasClean: wasClean, store, readOnly: readOnly)
  }

  init(
    checked superblock: Superblock, wasClean: Bool, _ store: consuming BlockStore, readOnly: Bool
  ) {
    self.wasClean = wasClean
    geometry = superblock.geometry
    blockMap = .blocks(of: superblock.geometry)
    inodeMap = .inodes(of: superblock.geometry)
    freeBlocks = blockMap.clearCount(in: store)
    freeInodes = inodeMap.clearCount(in: store)
    blockHint = superblock.geometry.dataStart
    isReadOnly = readOnly
    countsReferences = !readOnly
    self.superblock = superblock
    self.store = store
  }

  /// Checks what every operation relies on.
  private static func check(_ store: borrowing BlockStore) throws(FileSystemError) -> Superblock {
    let superblock = try Superblock(of: store)
    let geometry = superblock.geometry
    let blockMap = Bitmap.blocks(of: geometry)
    for block in 0..<geometry.dataStart where !blockMap.contains(block, in: store) {
      throw .corrupt(.bitmapFreesMetadata)
    }
    guard Bitmap.inodes(of: geometry).contains(0, in: store) else { throw .corrupt(.inodeNotInUse) }
    guard let root = geometry.offset(of: .root), store.mode(at: root).kind == .directory,
      store.linkCount(at: root) >= 2
    else { throw .corrupt(.rootIsNotADirectory) }
    return superblock
  }

  /// Unmounts, and gives the memory back with the image marked clean.
  ///
  /// Files that are still held open lose their holders; those without a name are removed.
  public consuming func unmount() throws(FileSystemError) -> BlockStore {
    try markClean()
    return store
  }

  /// Makes the image in memory one that could have been unmounted, as before it is saved.
  ///
  /// It is marked as in use again by the next mount only, so nothing may be changed after this.
  public mutating func markClean() throws(FileSystemError) {
    guard !isReadOnly else { return }
    try removeOrphans()
    superblock.state = .clean
    superblock.freeBlocks = freeBlocks
    superblock.freeInodes = freeInodes
    superblock.write(to: &store)
    isReadOnly = true
    countsReferences = false
  }

  /// Gives the memory back with the image as it is, in use or not.
  public consuming func abandon() -> BlockStore { store }

  /// Refuses every change from now on, after an operation has met a contradiction in the image.
  public mutating func makeReadOnly() { isReadOnly = true }

  // MARK: - Inodes

  /// What an inode says about its file.
  ///
  /// - Throws: `.corrupt` when the number or what the inode says is impossible.
  public func status(of inode: InodeNumber) throws(FileSystemError) -> FileStatus {
    let place = try place(of: inode)
    _ = try checkedSize(at: place)
    return FileStatus(inode, try kind(at: place), at: place, in: store)
  }

  /// The byte offset of an inode in use.
  func place(of inode: InodeNumber) throws(FileSystemError) -> Int { try placeHere(of: inode) }

  /// The same within its caller, for what is done often: called, it would get a copy of the whole structure.
  @inline(__always)
  func placeHere(of inode: InodeNumber) throws(FileSystemError) -> Int {
    guard let place = geometry.offset(of: inode) else { throw .corrupt(.badInodeNumber) }
    guard inodeMap.contains(inode.rawValue - 1, in: store) else { throw .corrupt(.inodeNotInUse) }
    return place
  }

  /// The kind of the inode at `place`.
  func kind(at place: Int) throws(FileSystemError) -> FileKind {
    guard let kind = store.mode(at: place).kind else { throw .corrupt(.badMode) }
    return kind
  }

  /// The size of the inode at `place`, no larger than the largest file.
  func checkedSize(at place: Int) throws(FileSystemError) -> UInt64 {
    let size = store.size(at: place)
    guard size <= FileSystemLimits.maximumFileSize else { throw .corrupt(.badSize) }
    return size
  }

  func requireWritable() throws(FileSystemError) {
    guard !isReadOnly else { throw .readOnly }
  }
}
