/// Taking memory back and joining it with its free neighbours.

import Base

extension Heap where Growth: ~Copyable {
  /// Takes back an allocation.
  ///
  /// - Parameter pointer: an address that `allocate` returned and that was not freed since.
  /// - Throws: `foreignPointer`, `doubleFree`, `overrun`, or `corrupted` with the place of the damage. The
  ///   allocation then stays as it is, so that nothing is built on the damage.
  public mutating func free(_ pointer: VirtualAddress) throws(HeapError) {
    guard pointer > memory.base, pointer.rawValue - memory.base.rawValue < UInt(memory.size),
      (pointer.rawValue - memory.base.rawValue) & 15 == 0,
      let freed = HeapBlock(
        at: Int(pointer.rawValue - memory.base.rawValue) - HeapBlock.headerSize, in: memory)
    else { throw .foreignPointer(pointer) }
    guard let requested = freed.requested else { throw .doubleFree(pointer) }
    guard freed.isRedZoneWhole(in: memory) else { throw .overrun(pointer) }

    // Everything is checked before anything is changed.
    let following = try block(at: freed.end)
    guard following.previousSize == freed.size else { throw .corrupted(address(following.offset)) }
    if following.isFree {
      try checkLinks(of: following)
      guard try block(at: following.end).previousSize == following.size else {
        throw .corrupted(address(following.end))
      }
    }
    var previous: HeapBlock?
    if freed.previousSize > 0 {
      let before = try block(at: freed.offset - freed.previousSize)
      guard before.size == freed.previousSize else { throw .corrupted(address(before.offset)) }
      if before.isFree {
        try checkLinks(of: before)
        previous = before
      }
    }

    // The header stays behind as that of a free block, even inside a larger one: a second free finds it.
    var joined = freed
    joined.requested = nil
    joined.write(to: memory)
    if following.isFree {
      unlink(following)
      joined.size += following.size
    }
    if let previous {
      unlink(previous)
      joined = HeapBlock(
        offset: previous.offset, size: previous.size + joined.size, previousSize: previous.previousSize,
        requested: nil)
    }
    insert(joined)
    setPreviousSize(joined.size, at: joined.end)
    statistics.freeCount += 1
    statistics.bytesInUse -= requested
  }
}
