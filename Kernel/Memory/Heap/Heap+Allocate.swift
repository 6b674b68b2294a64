/// Finding a block, cutting it to size, and growing.

import Base

extension Heap where Growth: ~Copyable {
  /// Gives out memory, with undefined content.
  ///
  /// - Parameters:
  ///   - byteCount: the bytes wanted; 0 gives an address of its own too.
  ///   - alignment: a power of two up to a page; 16 is free.
  /// - Returns: the first address of the memory.
  /// - Throws: `exhausted`, `unsupportedAlignment`, or `corrupted` if the heap's own words were overwritten.
  public mutating func allocate(
    _ byteCount: Int, alignment: Int = 16
  ) throws(HeapError) -> VirtualAddress {
    guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= pageSize else {
      throw .unsupportedAlignment(alignment)
    }
    guard let size = HeapBlock.size(holding: byteCount) else {
      statistics.refusalCount += 1
      throw .exhausted(bytes: byteCount, alignment: alignment)
    }
    // Room to move the block up to the alignment and leave a whole free block below it.
    let slack = alignment > HeapBlock.headerSize ? alignment + HeapBlock.minimumSize : 0
    guard let found = try takeBlock(size + slack) else {
      statistics.refusalCount += 1
      throw .exhausted(bytes: byteCount, alignment: alignment)
    }
    let payload = cut(found, toSize: size, requested: byteCount, alignment: alignment)
    statistics.allocationCount += 1
    statistics.bytesInUse += byteCount
    statistics.peakBytesInUse = max(statistics.peakBytesInUse, statistics.bytesInUse)
    return address(payload)
  }

  /// A free block of at least `size` bytes, in no list any more; `nil` if there is none and can be none.
  private mutating func takeBlock(_ size: Int) throws(HeapError) -> HeapBlock? {
    if let head = lists.firstHead(from: SizeClass(fitting: size)) { return try take(at: head) }
    // The class below may have a block that fits; only its first is looked at, for the sake of constant time.
    if let head = lists.head(of: SizeClass(of: size)), try freeBlock(at: head).size >= size {
      return try take(at: head)
    }
    return try grow(toHold: size)
  }

  private mutating func take(at offset: Int) throws(HeapError) -> HeapBlock {
    let found = try freeBlock(at: offset)
    try checkLinks(of: found)
    guard try block(at: found.end).previousSize == found.size else { throw .corrupted(address(found.end)) }
    unlink(found)
    return found
  }

  /// Splits what is not needed off both ends of a block in no list, and marks the rest as in use.
  private mutating func cut(_ whole: HeapBlock, toSize size: Int, requested: Int, alignment: Int) -> Int {
    var used = whole
    var payload = (whole.payload + alignment - 1) & ~(alignment - 1)
    if payload != whole.payload, payload - whole.payload < HeapBlock.minimumSize { payload += alignment }
    let gap = payload - whole.payload
    if gap > 0 {
      insert(HeapBlock(offset: whole.offset, size: gap, previousSize: whole.previousSize, requested: nil))
      used = HeapBlock(offset: whole.offset + gap, size: whole.size - gap, previousSize: gap, requested: nil)
    }
    let rest = used.size - size
    if rest >= HeapBlock.minimumSize {
      used.size = size
      insert(HeapBlock(offset: used.end, size: rest, previousSize: size, requested: nil))
      setPreviousSize(rest, at: used.end + rest)
    } else {
      setPreviousSize(used.size, at: used.end)
    }
    used.requested = requested
    used.write(to: memory)
    used.fillRedZone(in: memory)
    return payload
  }

  /// Tells the block at `offset`, whose header was checked, the size of the one before it.
  mutating func setPreviousSize(_ size: Int, at offset: Int) {
    guard var following = HeapBlock(at: offset, in: memory) else { return }
    following.previousSize = size
    following.write(to: memory)
  }

  /// Maps pages at the end until the last block has `size` bytes, and takes it.
  private mutating func grow(toHold size: Int) throws(HeapError) -> HeapBlock? {
    guard size <= limit else { return nil }
    var last = HeapBlock(offset: 0, size: 0, previousSize: 0, requested: nil)
    var lastIsListed = false
    if memory.size > 0 {
      let end = try block(at: memory.size - HeapBlock.headerSize)
      last = HeapBlock(offset: end.offset, size: 0, previousSize: end.previousSize, requested: nil)
      let before = try block(at: end.offset - end.previousSize)
      if before.isFree {
        try checkLinks(of: before)
        (last, lastIsListed) = (before, true)
      }
    }
    // The empty block at the end moves along with the end.
    let missing = last.offset + size + HeapBlock.headerSize - memory.size
    let needed = (missing + pageSize - 1) / pageSize
    let allowed = (limit - memory.size) / pageSize
    guard needed <= allowed else { return nil }
    let preferred = min(max(needed, Self.preferredPages), allowed)
    var mapped = preferred
    if !growth.mapPages(at: address(memory.size), count: preferred) {
      guard preferred > needed, growth.mapPages(at: address(memory.size), count: needed) else { return nil }
      mapped = needed
    }
    if lastIsListed { unlink(last) }
    memory.size += mapped * pageSize
    statistics.mappedBytes = memory.size
    last.size = memory.size - HeapBlock.headerSize - last.offset
    last.write(to: memory)
    HeapBlock(offset: last.end, size: HeapBlock.headerSize, previousSize: last.size, requested: 0)
      .write(to: memory)
    return last
  }
}
