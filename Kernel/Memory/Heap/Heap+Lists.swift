/// Taking free blocks out of their lists and putting them in.

import Base

extension Heap where Growth: ~Copyable {
  /// A stored link as an offset.
  func link(_ word: UInt32) -> Int? { word == FreeLists.none ? nil : Int(word) }

  /// The free block that a list names.
  func freeBlock(at offset: Int) throws(HeapError) -> HeapBlock {
    let found = try block(at: offset)
    guard found.isFree else { throw .corrupted(address(offset)) }
    return found
  }

  /// Checks that both neighbours in the list of a free block, if any, point back at it.
  func checkLinks(of block: HeapBlock) throws(HeapError) {
    if let next = link(memory.word(at: block.payload)) {
      guard let found = HeapBlock(at: next, in: memory), found.isFree,
        link(memory.word(at: found.payload + 4)) == block.offset
      else { throw .corrupted(address(block.payload)) }
    }
    if let previous = link(memory.word(at: block.payload + 4)) {
      guard let found = HeapBlock(at: previous, in: memory), found.isFree,
        link(memory.word(at: found.payload)) == block.offset
      else { throw .corrupted(address(block.payload)) }
    } else if lists.head(of: SizeClass(of: block.size)) != block.offset {
      throw .corrupted(address(block.payload))
    }
  }

  /// Takes a free block, whose links were checked, out of its list.
  mutating func unlink(_ block: HeapBlock) {
    let (next, previous) = (memory.word(at: block.payload), memory.word(at: block.payload + 4))
    if let next = link(next) { memory.store(previous, at: next + HeapBlock.headerSize + 4) }
    if let previous = link(previous) {
      memory.store(next, at: previous + HeapBlock.headerSize)
    } else {
      lists.setHead(link(next), of: SizeClass(of: block.size))
    }
  }

  /// Writes a free block and makes it the first of its list.
  mutating func insert(_ block: HeapBlock) {
    let sizeClass = SizeClass(of: block.size)
    let head = lists.head(of: sizeClass)
    block.write(to: memory)
    memory.store(head.map { UInt32($0) } ?? FreeLists.none, at: block.payload)
    memory.store(FreeLists.none, at: block.payload + 4)
    if let head { memory.store(UInt32(block.offset), at: head + HeapBlock.headerSize + 4) }
    lists.setHead(block.offset, of: sizeClass)
  }
}
