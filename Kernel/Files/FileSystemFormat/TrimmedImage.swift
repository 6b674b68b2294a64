/// Images without their free end: what a file of an image needs not hold.
///
/// Most of a new ramdisk is room for what programs will write. A file may end after the last block in use; whoever
/// gives the image memory gives it all of it. The rest may have any content, because a block is cleared when it is
/// given out.

extension Superblock {
  /// Whether the bytes begin as an image does.
  public static func isThere(in store: borrowing BlockStore) -> Bool {
    store.byteCount >= 8 && store.load(UInt64.self, at: 0) == magic
  }

  /// The bytes that an image wants, which may be more than are there.
  ///
  /// - Throws: `.corrupt` for a superblock that is wrong, and `.corrupt(.tooSmall)` when something that is in use
  ///   is missing.
  @export(interface)
  public static func fullByteCount(of store: borrowing BlockStore) throws(FileSystemError) -> Int {
    guard store.byteCount >= FileSystemLimits.blockSize else { throw .corrupt(.tooSmall) }
    guard store.load(UInt64.self, at: 0) == magic else { throw .corrupt(.badMagic) }
    guard store.load(UInt32.self, at: 8) == version else { throw .corrupt(.unknownVersion) }
    guard hasRightChecksum(store) else { throw .corrupt(.badChecksum) }
    let (blocks, inodes) = (store.load(UInt32.self, at: 12), store.load(UInt32.self, at: 16))
    guard let geometry = Geometry(blockCount: blocks, inodeCount: inodes),
      let full = Int(exactly: geometry.byteCount)
    else { throw .corrupt(.badGeometry) }
    guard store.byteCount < full else { return full }
    let present = UInt32(store.byteCount / FileSystemLimits.blockSize)
    guard present >= geometry.dataStart else { throw .corrupt(.tooSmall) }
    let map = Bitmap.blocks(of: geometry)
    for block in present..<blocks where map.contains(block, in: store) { throw .corrupt(.tooSmall) }
    return full
  }

  /// The bytes of an image up to the end of its last block in use.
  @export(interface)
  public static func usedByteCount(of store: borrowing BlockStore) throws(FileSystemError) -> Int {
    let geometry = try Superblock(of: store).geometry
    let map = Bitmap.blocks(of: geometry)
    var count = geometry.blockCount
    while count > geometry.dataStart, !map.contains(count - 1, in: store) { count -= 1 }
    return geometry.offset(ofBlock: count)
  }
}
