/// From a file's block to the image's: block pointers, and giving blocks out.

import FileSystemFormat

/// The way from an inode to one of its blocks.
enum BlockRoute: BitwiseCopyable {
  /// A pointer in the inode, at this byte offset of it.
  case direct(Int)
  /// A pointer in the block that the inode's indirect pointer names.
  case indirect(Int)
  /// A pointer in a block that a pointer in the double indirect block names.
  case double(outer: Int, inner: Int)

  /// The way to block `index` of a file, which must be below `maximumFileBlocks`.
  ///
  /// Byte offsets, not indices.
  init(to index: UInt32) {
    let direct = FileSystemLimits.directCount
    let fanOut = FileSystemLimits.pointersPerBlock
    if index < direct {
      self = .direct(InodeLayout.direct + Int(index) * 4)
    } else if index < direct + fanOut {
      self = .indirect(Int(index - direct) * 4)
    } else {
      let rest = index - direct - fanOut
      self = .double(outer: Int(rest / fanOut) * 4, inner: Int(rest % fanOut) * 4)
    }
  }
}

extension FileSystem {
  /// The block pointer at a byte offset of the image: 0 or a data block.
  func pointer(at place: Int) throws(FileSystemError) -> UInt32 {
    let block = store.load(UInt32.self, at: place)
    guard block == 0 || geometry.isData(block) else { throw .corrupt(.badBlockPointer) }
    return block
  }

  /// Whether the inode at `place` keeps a symbolic link's target where block pointers would be.
  func hasInlineTarget(at place: Int) -> Bool {
    store.mode(at: place).kind == .symbolicLink
      && store.size(at: place) <= UInt64(FileSystemLimits.inlineTargetLength)
  }

  /// The block that holds block `index` of the file whose inode is at `place`; `nil` for a hole.
  func block(_ index: UInt32, at place: Int) throws(FileSystemError) -> UInt32? {
    guard index < FileSystemLimits.maximumFileBlocks else { throw .fileTooBig }
    var found: UInt32
    switch BlockRoute(to: index) {
    case .direct(let offset):
      found = try pointer(at: place + offset)
    case .indirect(let offset):
      found = try pointer(at: place + InodeLayout.indirect)
      if found != 0 { found = try pointer(at: geometry.offset(ofBlock: found) + offset) }
    case .double(let outer, let inner):
      found = try pointer(at: place + InodeLayout.double)
      if found != 0 { found = try pointer(at: geometry.offset(ofBlock: found) + outer) }
      if found != 0 { found = try pointer(at: geometry.offset(ofBlock: found) + inner) }
    }
    return found == 0 ? nil : found
  }

  /// The block that holds block `index` of a file, given out and zeroed if it was a hole.
  ///
  /// - Parameter isOverwritten: whether the caller fills the whole block at once, so that zeros would be for nothing.
  /// - Throws: `.noSpace`, with nothing changed, when there is no room for the block and the pointers to it.
  mutating func ensureBlock(
    _ index: UInt32, at place: Int, isOverwritten: Bool = false
  ) throws(FileSystemError) -> UInt32 {
    if let block = try block(index, at: place) { return block }
    guard freeBlocks >= (try missingBlocks(for: index, at: place)) else { throw .noSpace }
    switch BlockRoute(to: index) {
    case .direct(let offset):
      return try ensurePointer(at: place + offset, countedIn: place, isOverwritten)
    case .indirect(let offset):
      let table = try ensurePointer(at: place + InodeLayout.indirect, countedIn: place)
      return try ensurePointer(at: geometry.offset(ofBlock: table) + offset, countedIn: place, isOverwritten)
    case .double(let outer, let inner):
      let top = try ensurePointer(at: place + InodeLayout.double, countedIn: place)
      let table = try ensurePointer(at: geometry.offset(ofBlock: top) + outer, countedIn: place)
      return try ensurePointer(at: geometry.offset(ofBlock: table) + inner, countedIn: place, isOverwritten)
    }
  }

  /// The number of blocks that filling hole `index` would take: one, and one for each missing pointer block.
  private func missingBlocks(for index: UInt32, at place: Int) throws(FileSystemError) -> UInt32 {
    switch BlockRoute(to: index) {
    case .direct:
      return 1
    case .indirect:
      return try pointer(at: place + InodeLayout.indirect) == 0 ? 2 : 1
    case .double(let outer, _):
      let top = try pointer(at: place + InodeLayout.double)
      guard top != 0 else { return 3 }
      return try pointer(at: geometry.offset(ofBlock: top) + outer) == 0 ? 2 : 1
    }
  }

  private mutating func ensurePointer(
    at place: Int, countedIn inode: Int, _ isOverwritten: Bool = false
  ) throws(FileSystemError) -> UInt32 {
    let old = try pointer(at: place)
    guard old == 0 else { return old }
    let block = try allocateBlock(isOverwritten)
    store.store(block, at: place)
    addBlocks(1, at: inode)
    return block
  }

  /// Gives out a block, zeroed if it is not overwritten as a whole, near the last one given out.
  private mutating func allocateBlock(_ isOverwritten: Bool) throws(FileSystemError) -> UInt32 {
    guard freeBlocks > 0, let block = blockMap.firstClear(from: blockHint, in: store) else { throw .noSpace }
    guard geometry.isData(block) else { throw .corrupt(.bitmapFreesMetadata) }
    blockMap.set(block, true, in: &store)
    blockHint = block
    freeBlocks -= 1
    if !isOverwritten { store.fill(geometry.offset(ofBlock: block), count: FileSystemLimits.blockSize) }
    return block
  }

  /// Takes a block back that `inode` held.
  mutating func freeBlock(_ block: UInt32, countedIn inode: Int) throws(FileSystemError) {
    guard geometry.isData(block) else { throw .corrupt(.badBlockPointer) }
    guard blockMap.contains(block, in: store) else { throw .corrupt(.doubleFree) }
    blockMap.set(block, false, in: &store)
    if block < blockHint { blockHint = block }
    freeBlocks += 1
    addBlocks(-1, at: inode)
  }

  /// Changes the count of held blocks of the inode at `place`.
  ///
  /// In a corrupt image it may be wrong: it wraps.
  private mutating func addBlocks(_ difference: Int32, at place: Int) {
    let count = store.load(UInt32.self, at: place + InodeLayout.blocks)
    store.store(count &+ UInt32(bitPattern: difference), at: place + InodeLayout.blocks)
  }
}
