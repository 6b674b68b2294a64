/// The pass over the directories' entries.

import FileSystemFormat

extension FileSystemCheck where Sink: ~Copyable {
  mutating func checkEntries(of directory: UInt32) {
    let size = store.size(at: place(directory))
    guard size % 4096 == 0, size / 4096 <= UInt64(geometry.dataBlockCount) else { return }
    let blocks = UInt32(size / 4096)
    // A filter as large as the directory needs, up to all there is: a clear bit proves a name new.
    var bits: UInt32 = 32_768
    while bits < filterBits, bits / 256 < blocks { bits *= 2 }
    if blocks > 0 { scratch.fill(filterStart, count: Int(bits / 8)) }
    for index in 0..<blocks {
      guard takeBlock() else { return report(.tooManyNames, directory) }
      guard let blockPlace = directoryBlock(index, of: directory) else {
        report(.holeInDirectory, directory, UInt64(index))
        continue
      }
      var offset = 0
      while offset < 4096 {
        guard let record = DirectoryRecord(in: store, at: blockPlace + offset, remaining: 4096 - offset)
        else {
          report(.record, directory, UInt64(index) * 4096 + UInt64(offset))
          break
        }
        if record.inode != 0 {
          checkEntry(record, in: directory)
          checkDouble(record, in: directory, index, offset, filterMask: bits - 1)
        }
        offset += record.length
      }
    }
  }

  /// Whether one more directory block may be looked at.
  ///
  /// Directories that share blocks could claim more of them
  /// than time allows; those that share none never reach the limit.
  mutating func takeBlock() -> Bool {
    guard directoryBlocks > 0 else { return false }
    directoryBlocks -= 1
    return true
  }

  /// The byte offset of block `index` of a directory, or `nil` if it cannot be reached.
  func directoryBlock(_ index: UInt32, of directory: UInt32) -> Int? {
    let direct = FileSystemLimits.directCount
    let fanOut = FileSystemLimits.pointersPerBlock
    let place = place(directory)
    var slot: Int
    if index < direct {
      slot = place + InodeLayout.direct + Int(index) * 4
    } else if index < direct + fanOut {
      guard let table = follow(place + InodeLayout.indirect) else { return nil }
      slot = table + Int(index - direct) * 4
    } else {
      let rest = index - direct - fanOut
      guard rest / fanOut < fanOut, let top = follow(place + InodeLayout.double) else { return nil }
      guard let table = follow(top + Int(rest / fanOut) * 4) else { return nil }
      slot = table + Int(rest % fanOut) * 4
    }
    return follow(slot)
  }

  private func follow(_ slot: Int) -> Int? {
    let block = store.load(UInt32.self, at: slot)
    return geometry.isData(block) ? geometry.offset(ofBlock: block) : nil
  }

  private mutating func checkEntry(_ record: DirectoryRecord, in directory: UInt32) {
    if !isGoodName(record) { report(.name, directory, UInt64(record.inode)) }
    guard isInUse(record.inode) else { return report(.danglingEntry, directory, UInt64(record.inode)) }
    let place = place(record.inode)
    if store.mode(at: place).kind?.rawValue != record.kind {
      report(.entryKind, directory, UInt64(record.inode))
    }
    if isDirectory(record.inode) {
      if nameCount(record.inode) > 0 || record.inode == 1 {
        report(.doubleDirectory, record.inode, UInt64(directory))
      }
      if parent(record.inode) != directory {
        report(.parent, record.inode, UInt64(parent(record.inode)), expected: UInt64(directory))
      }
    }
    countName(record.inode)
  }

  private func isGoodName(_ record: DirectoryRecord) -> Bool {
    var dots = 0
    for offset in 0..<record.nameLength {
      let byte = store.load(UInt8.self, at: record.namePlace + offset)
      if byte == 0 || byte == UInt8(ascii: "/") { return false }
      if byte == UInt8(ascii: ".") { dots += 1 }
    }
    return dots != record.nameLength || record.nameLength > 2
  }

  // MARK: - Double names

  private mutating func checkDouble(
    _ record: DirectoryRecord, in directory: UInt32, _ index: UInt32, _ offset: Int, filterMask: UInt32
  ) {
    let bit = hash(record) & filterMask
    let filter = Bitmap(start: filterStart, count: filterMask + 1)
    guard filter.contains(bit, in: scratch) else { return filter.set(bit, true, in: &scratch) }
    // Perhaps a double name, perhaps another with the same hash: compare with all before it.
    for earlier in 0...index {
      guard let blockPlace = directoryBlock(earlier, of: directory) else { continue }
      var position = 0
      while position < 4096, earlier < index || position < offset {
        guard comparisons > 0 else {
          if comparisons == 0 { report(.tooManyNames, directory) }
          return
        }
        comparisons -= 1
        guard let other = DirectoryRecord(in: store, at: blockPlace + position, remaining: 4096 - position)
        else {
          break
        }
        if other.inode != 0, isSameName(other, record) {
          return report(.doubleName, directory, UInt64(record.inode))
        }
        position += other.length
      }
    }
  }

  private func isSameName(_ first: DirectoryRecord, _ second: DirectoryRecord) -> Bool {
    guard first.nameLength == second.nameLength else { return false }
    for offset in 0..<first.nameLength {
      let byte = store.load(UInt8.self, at: first.namePlace + offset)
      if byte != store.load(UInt8.self, at: second.namePlace + offset) { return false }
    }
    return true
  }

  /// FNV-1a over the name, with its halves mixed for the low bits' sake.
  private func hash(_ record: DirectoryRecord) -> UInt32 {
    var hash: UInt32 = 0x811C_9DC5
    for offset in 0..<record.nameLength {
      hash = (hash ^ UInt32(store.load(UInt8.self, at: record.namePlace + offset))) &* 0x0100_0193
    }
    return hash ^ hash >> 15
  }
}
