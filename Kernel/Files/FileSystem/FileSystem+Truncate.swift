/// Making files shorter and longer.

import FileSystemFormat

extension FileSystem {
  /// Sets the size of a regular file.
  ///
  /// What is cut off is gone; what is added is a hole and reads as zeros.
  ///
  /// - Throws: `.isDirectory`, `.invalidArgument` for other kinds, `.fileTooBig`.
  public mutating func truncate(_ inode: InodeNumber, to size: UInt64, at now: Timestamp)
    throws(FileSystemError)
  {
    try requireWritable()
    let place = try place(of: inode)
    switch try kind(at: place) {
    case .regular: break
    case .directory: throw .isDirectory
    default: throw .invalidArgument
    }
    guard size <= FileSystemLimits.maximumFileSize else { throw .fileTooBig }
    try setSize(size, at: place)
    touchModified(at: place, now)
  }

  /// Clears the bytes of the last block past a file's end.
  ///
  /// They are zero but where a program has the block for a page of its own.
  public mutating func clearTail(of inode: InodeNumber) throws(FileSystemError) {
    let place = try place(of: inode)
    guard try kind(at: place) == .regular else { return }
    let size = try checkedSize(at: place)
    let tail = Int(size % UInt64(FileSystemLimits.blockSize))
    guard tail != 0, let last = try block(UInt32(size / UInt64(FileSystemLimits.blockSize)), at: place) else {
      return
    }
    store.fill(geometry.offset(ofBlock: last) + tail, count: FileSystemLimits.blockSize - tail)
  }

  /// Sets the size of the inode at `place` and frees the blocks past it.
  ///
  /// - Invariant: bytes of the last block past the size are zero, so that growing shows no old content.
  mutating func setSize(_ size: UInt64, at place: Int) throws(FileSystemError) {
    let old = try checkedSize(at: place)
    if size < old {
      let blockSize = UInt64(FileSystemLimits.blockSize)
      let keep = UInt32((size + blockSize - 1) / blockSize)
      try freeBlocks(from: keep, at: place)
      let tail = Int(size % blockSize)
      if tail != 0, let last = try block(keep - 1, at: place) {
        store.fill(geometry.offset(ofBlock: last) + tail, count: FileSystemLimits.blockSize - tail)
      }
    }
    store.store(size, at: place + InodeLayout.size)
  }

  /// Frees block `first` of the inode at `place` and all after it.
  ///
  /// A pointer is cleared before its block is freed, so that a contradiction met half-way leaves no pointer to
  /// a free block behind.
  mutating func freeBlocks(from first: UInt32, at place: Int) throws(FileSystemError) {
    let direct = FileSystemLimits.directCount
    let fanOut = FileSystemLimits.pointersPerBlock
    if first < direct {
      for index in first..<direct {
        try freePointer(at: place + InodeLayout.direct + Int(index) * 4, countedIn: place)
      }
    }
    let inIndirect = first > direct ? first - direct : 0
    if inIndirect < fanOut {
      try freeTable(at: place + InodeLayout.indirect, from: inIndirect, countedIn: place)
    }
    let inDouble = first > direct + fanOut ? first - direct - fanOut : 0
    let top = try pointer(at: place + InodeLayout.double)
    guard top != 0, inDouble < fanOut * fanOut else { return }
    let topPlace = geometry.offset(ofBlock: top)
    for outer in (inDouble / fanOut)..<fanOut {
      let from = outer == inDouble / fanOut ? inDouble % fanOut : 0
      try freeTable(at: topPlace + Int(outer) * 4, from: from, countedIn: place)
    }
    if inDouble == 0 { try freePointer(at: place + InodeLayout.double, countedIn: place) }
  }

  /// Frees the blocks that the pointer block named at `slot` points to from entry `first` on; with all of its
  /// entries it goes too.
  private mutating func freeTable(at slot: Int, from first: UInt32, countedIn inode: Int)
    throws(FileSystemError)
  {
    let table = try pointer(at: slot)
    guard table != 0 else { return }
    let tablePlace = geometry.offset(ofBlock: table)
    for index in first..<FileSystemLimits.pointersPerBlock {
      try freePointer(at: tablePlace + Int(index) * 4, countedIn: inode)
    }
    if first == 0 { try freePointer(at: slot, countedIn: inode) }
  }

  private mutating func freePointer(at slot: Int, countedIn inode: Int) throws(FileSystemError) {
    let block = try pointer(at: slot)
    guard block != 0 else { return }
    store.store(UInt32(0), at: slot)
    try freeBlock(block, countedIn: inode)
  }
}
