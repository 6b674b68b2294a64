/// The pass over the inodes and the blocks they hold.

import FileSystemFormat

extension FileSystemCheck where Sink: ~Copyable {
  mutating func checkInode(_ inode: UInt32) {
    let place = place(inode)
    guard isInUse(inode) else {
      if inode == 1 { report(.root, inode) }
      if !store.isZero(place, count: FileSystemLimits.inodeSize) { report(.contentInFreeInode, inode) }
      return
    }
    summary.inodes += 1
    guard let kind = store.mode(at: place).kind else {
      report(.mode, inode, UInt64(store.mode(at: place).rawValue))
      if inode == 1 { report(.root, inode) }
      return
    }
    if kind == .directory { summary.directories += 1 }
    if inode == 1, kind != .directory || parent(1) != 1 { report(.root, inode) }
    checkFields(inode, place, kind)
    let size = store.size(at: place)
    guard isPossible(size, for: kind) else { return report(.size, inode, size) }
    if kind == .symbolicLink, size <= UInt64(FileSystemLimits.inlineTargetLength) {
      checkInlineTarget(inode, place, Int(size))
    } else {
      checkBlocks(inode, place, kind, size)
    }
  }

  private mutating func checkFields(_ inode: UInt32, _ place: Int, _ kind: FileKind) {
    checkTime(inode, place + InodeLayout.accessedNanoseconds)
    checkTime(inode, place + InodeLayout.modifiedNanoseconds)
    checkTime(inode, place + InodeLayout.changedNanoseconds)
    let device = store.load(UInt32.self, at: place + InodeLayout.device)
    if !kind.isDevice, kind != .directory, device != 0 { report(.reserved, inode, UInt64(device)) }
    if !store.isZero(place + 2, count: 2) || !store.isZero(place + 72, count: 12)
      || !store.isZero(place + 252, count: 4)
    {
      report(.reserved, inode)
    }
    let references = store.load(UInt32.self, at: place + InodeLayout.references)
    if references != 0, superblock.state == .clean { report(.references, inode, UInt64(references)) }
  }

  private mutating func checkTime(_ inode: UInt32, _ field: Int) {
    let nanoseconds = store.load(UInt32.self, at: field)
    if nanoseconds >= 1_000_000_000 { report(.time, inode, UInt64(nanoseconds)) }
  }

  private func isPossible(_ size: UInt64, for kind: FileKind) -> Bool {
    switch kind {
    case .regular: size <= FileSystemLimits.maximumFileSize
    case .directory: size % 4096 == 0 && size / 4096 <= UInt64(geometry.dataBlockCount)
    case .symbolicLink: size >= 1 && size <= UInt64(FileSystemLimits.maximumPathLength)
    default: size == 0
    }
  }

  private mutating func checkInlineTarget(_ inode: UInt32, _ place: Int, _ size: Int) {
    for offset in 0..<size where store.load(UInt8.self, at: place + InodeLayout.direct + offset) == 0 {
      report(.target, inode)
      break
    }
    let rest = FileSystemLimits.inlineTargetLength - size
    if !store.isZero(place + InodeLayout.direct + size, count: rest) { report(.reserved, inode) }
    let held = store.load(UInt32.self, at: place + InodeLayout.blocks)
    if held != 0 { report(.blockCount, inode, UInt64(held)) }
  }

  // MARK: - Blocks

  private mutating func checkBlocks(_ inode: UInt32, _ place: Int, _ kind: FileKind, _ size: UInt64) {
    let before = summary.blocks
    let direct = FileSystemLimits.directCount
    let fanOut = FileSystemLimits.pointersPerBlock
    let blocks = UInt32((size + 4095) / 4096)
    for index in 0..<direct {
      checkData(at: place + InodeLayout.direct + Int(index) * 4, inode, index, blocks, size)
    }
    checkTable(at: place + InodeLayout.indirect, inode, direct, blocks, size)
    if let top = claim(at: place + InodeLayout.double, inode) {
      if blocks <= direct + fanOut { report(.blockPastEnd, inode, UInt64(direct + fanOut)) }
      for outer in 0..<fanOut {
        checkTable(at: top + Int(outer) * 4, inode, direct + fanOut + outer * fanOut, blocks, size)
      }
    }
    let held = store.load(UInt32.self, at: place + InodeLayout.blocks)
    if held != summary.blocks - before {
      report(.blockCount, inode, UInt64(held), expected: UInt64(summary.blocks - before))
    }
    if kind == .symbolicLink { checkTarget(inode, place, Int(size)) }
  }

  /// Checks a pointer block whose first entry is block `first` of the file.
  private mutating func checkTable(
    at slot: Int, _ inode: UInt32, _ first: UInt32, _ blocks: UInt32, _ size: UInt64
  ) {
    guard let table = claim(at: slot, inode) else { return }
    if first >= blocks { report(.blockPastEnd, inode, UInt64(first)) }
    for index in 0..<FileSystemLimits.pointersPerBlock {
      checkData(at: table + Int(index) * 4, inode, first + index, blocks, size)
    }
  }

  private mutating func checkData(
    at slot: Int, _ inode: UInt32, _ index: UInt32, _ blocks: UInt32, _ size: UInt64
  ) {
    guard let place = claim(at: slot, inode) else { return }
    if index >= blocks {
      report(.blockPastEnd, inode, UInt64(index))
    } else if index == blocks - 1, size % 4096 != 0 {
      let tail = Int(size % 4096)
      if !store.isZero(place + tail, count: 4096 - tail) { report(.bytesPastEnd, inode) }
    }
  }

  /// Notes the block that the pointer at `slot` names as used, and says where it lies; `nil` for a hole, and for
  /// what cannot be followed: a pointer out of range, a block that was seen before.
  private mutating func claim(at slot: Int, _ inode: UInt32) -> Int? {
    let block = store.load(UInt32.self, at: slot)
    guard block != 0 else { return nil }
    guard geometry.isData(block) else {
      report(.pointer, inode, UInt64(block))
      return nil
    }
    summary.blocks += 1
    guard !seenBlocks.contains(block, in: scratch) else {
      report(.doubleUse, inode, UInt64(block))
      summary.blocks -= 1
      return nil
    }
    seenBlocks.set(block, true, in: &scratch)
    return geometry.offset(ofBlock: block)
  }

  private mutating func checkTarget(_ inode: UInt32, _ place: Int, _ size: Int) {
    let block = store.load(UInt32.self, at: place + InodeLayout.direct)
    guard geometry.isData(block) else { return report(.target, inode) }
    for offset in 0..<size where store.load(UInt8.self, at: geometry.offset(ofBlock: block) + offset) == 0 {
      return report(.target, inode)
    }
  }
}
