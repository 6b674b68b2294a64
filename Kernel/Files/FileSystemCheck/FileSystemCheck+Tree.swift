/// What must agree between the passes: names and link counts, parents and the root, blocks and the bitmap.

import FileSystemFormat

extension FileSystemCheck where Sink: ~Copyable {
  mutating func checkTree() {
    rooted.set(0, true, in: &scratch)
    for inode in 1...geometry.inodeCount where isInUse(inode) {
      let place = place(inode)
      let links = store.linkCount(at: place)
      let names = nameCount(inode)
      if isDirectory(inode) {
        checkDirectoryLinks(inode, links, names)
      } else if names == 0 {
        // A file that is held open has no name, as long as the image is in use.
        if links != 0 || superblock.state == .clean { report(.unreachable, inode) }
      } else if links != names {
        report(.linkCount, inode, UInt64(links), expected: UInt64(names))
      }
    }
  }

  private mutating func checkDirectoryLinks(_ inode: UInt32, _ links: UInt32, _ names: UInt32) {
    if inode != 1, names == 0 {
      if links != 0 || superblock.state == .clean { report(.unreachable, inode) }
      return
    }
    let expected = 2 + subdirectoryCount(inode)
    if links != expected { report(.linkCount, inode, UInt64(links), expected: UInt64(expected)) }
    if !hangsOnTheRoot(inode) { report(.cycle, inode) }
  }

  /// Walks up from a directory and marks the way as seen; `false` when it goes round in a circle.
  ///
  /// The circle is noticed by a marker that is set anew after 1, 2, 4, ... steps (Brent 1980), so that the walks
  /// of all directories together take time in proportion to their number. A wrong parent on the way has been
  /// reported with its entry and ends the walk.
  private mutating func hangsOnTheRoot(_ inode: UInt32) -> Bool {
    var current = inode
    var marker = inode
    var steps = 0
    var limit = 1
    var isCircle = false
    while !rooted.contains(current - 1, in: scratch) {
      let above = parent(current)
      guard isDirectory(above) else { break }
      current = above
      steps += 1
      isCircle = current == marker
      guard !isCircle else { break }
      if steps == limit {
        marker = current
        steps = 0
        limit *= 2
      }
    }
    current = inode
    while !rooted.contains(current - 1, in: scratch) {
      rooted.set(current - 1, true, in: &scratch)
      let above = parent(current)
      guard isDirectory(above) else { break }
      current = above
    }
    return !isCircle
  }

  /// The number of entries of a directory that name directories.
  private mutating func subdirectoryCount(_ directory: UInt32) -> UInt32 {
    var count: UInt32 = 0
    let size = store.size(at: place(directory))
    guard size % 4096 == 0, size / 4096 <= UInt64(geometry.dataBlockCount) else { return 0 }
    for index in 0..<UInt32(size / 4096) {
      guard takeBlock() else { break }
      guard let blockPlace = directoryBlock(index, of: directory) else { continue }
      var offset = 0
      while offset < 4096 {
        guard let record = DirectoryRecord(in: store, at: blockPlace + offset, remaining: 4096 - offset)
        else { break }
        if record.inode != 0, isDirectory(record.inode) { count += 1 }
        offset += record.length
      }
    }
    return count
  }

  // MARK: - Bitmaps

  mutating func checkBitmaps() {
    var free: UInt32 = 0
    for block in 0..<geometry.blockCount {
      let isUsed = block < geometry.dataStart || seenBlocks.contains(block, in: scratch)
      let isMarked = blockMap.contains(block, in: store)
      if isUsed, !isMarked { report(.usedBlockFree, 0, UInt64(block)) }
      if !isUsed, isMarked { report(.freeBlockUsed, 0, UInt64(block)) }
      if !isMarked { free += 1 }
    }
    checkEnd(of: blockMap, blocks: geometry.inodeTableStart - geometry.blockBitmapStart)
    checkEnd(of: inodeMap, blocks: geometry.blockBitmapStart - Geometry.inodeBitmapStart)
    guard superblock.state == .clean else { return }
    if superblock.freeBlocks != free {
      report(.freeBlockCount, 0, UInt64(superblock.freeBlocks), expected: UInt64(free))
    }
    let freeInodes = inodeMap.clearCount(in: store)
    if superblock.freeInodes != freeInodes {
      report(.freeInodeCount, 0, UInt64(superblock.freeInodes), expected: UInt64(freeInodes))
    }
  }

  private mutating func checkEnd(of bitmap: Bitmap, blocks: UInt32) {
    let whole = Bitmap(start: bitmap.start, count: blocks * FileSystemLimits.bitsPerBlock)
    for bit in bitmap.count..<whole.count where !whole.contains(bit, in: store) {
      report(.bitmapEnd, 0, UInt64(bit))
      return
    }
  }
}
