/// Making an empty image.

import FileSystemFormat

extension FileSystem {
  /// Writes an empty file system over all of `store` and mounts it.
  ///
  /// - Parameters:
  ///   - store: the memory; a rest of less than a block at its end stays unused.
  ///   - inodeCount: the number of inodes, rounded up to a multiple of 16.
  ///   - rootMode: the permissions of the root directory.
  ///   - now: the root directory's times and the image's time of creation.
  /// - Throws: `.noSpace` when the store is too small for so many inodes and one data block.
  public init(
    formatting store: consuming BlockStore, inodeCount: UInt32, rootMode: UInt16 = 0o755, at now: Timestamp
  ) throws(FileSystemError) {
    let blocks = UInt32(exactly: store.byteCount / FileSystemLimits.blockSize) ?? 0
    guard inodeCount <= 1 << 27,
      let geometry = Geometry(blockCount: blocks, inodeCount: max(16, (inodeCount + 15) & ~15))
    else { throw .noSpace }
    store.fill(0, count: Int(geometry.dataStart) * FileSystemLimits.blockSize)

    let blockMap = Bitmap.blocks(of: geometry)
    let inodeMap = Bitmap.inodes(of: geometry)
    blockMap.setAll(in: 0..<geometry.dataStart, of: &store)
    Self.fillTail(of: blockMap, blocks: geometry.inodeTableStart - geometry.blockBitmapStart, in: &store)
    Self.fillTail(of: inodeMap, blocks: geometry.blockBitmapStart - Geometry.inodeBitmapStart, in: &store)

    inodeMap.set(0, true, in: &store)
    guard let root = geometry.offset(of: .root) else { throw .noSpace }
    store.store(FileMode(.directory, rootMode).rawValue, at: root + InodeLayout.mode)
    store.store(UInt32(2), at: root + InodeLayout.links)
    store.store(InodeNumber.root.rawValue, at: root + InodeLayout.device)
    store.setTime(now, at: root, InodeLayout.accessed, InodeLayout.accessedNanoseconds)
    store.setTime(now, at: root, InodeLayout.modified, InodeLayout.modifiedNanoseconds)
    store.setTime(now, at: root, InodeLayout.changed, InodeLayout.changedNanoseconds)

    // Mounted as it is written: there is nothing to check.
    var superblock = Superblock(
      geometry: geometry, freeBlocks: geometry.dataBlockCount, freeInodes: geometry.inodeCount - 1,
      created: now.seconds)
    superblock.state = .mounted
    superblock.mountCount = 1
    superblock.write(to: &store)
    self.init(checked: superblock, wasClean: true, store, readOnly: false)
  }

  /// Sets the bits past the last one that means something.
  private static func fillTail(of bitmap: Bitmap, blocks: UInt32, in store: inout BlockStore) {
    let end = blocks * FileSystemLimits.bitsPerBlock
    bitmap.setAll(in: bitmap.count..<end, of: &store)
  }
}
