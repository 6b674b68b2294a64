/// The buddy system: lists of free blocks, splitting and merging.
///
/// A block of order n holds 2^n frames and starts at a frame number that 2^n divides, counted from physical
/// address 0 and not from the table's start, so that a run is aligned for the hardware too.

import Base

extension FrameAllocator {
  /// Puts a block in the list of its order.
  ///
  /// Its head's state says so; the other frames must be `freeInside`.
  private mutating func link(_ index: UInt32, order: UInt32) {
    let next = heads[Int(order)]
    table[state: index] = .freeHead(order)
    table[link: index] = FrameLink(next: next, previous: FrameTable.none)
    if next != FrameTable.none { table[link: next].previous = index }
    heads[Int(order)] = index
    filledOrders |= 1 << order
  }

  /// Takes a block out of the list of its order.
  ///
  /// Its head's state still calls it free.
  private mutating func unlink(_ index: UInt32, order: UInt32) {
    let link = table[link: index]
    if link.next != FrameTable.none { table[link: link.next].previous = link.previous }
    if link.previous != FrameTable.none {
      table[link: link.previous].next = link.next
    } else {
      heads[Int(order)] = link.next
      if link.next == FrameTable.none { filledOrders &= ~(1 << order) }
    }
  }

  /// Takes the first block of an order whose list is not empty.
  mutating func takeBlock(order: UInt32) -> UInt32 {
    let index = heads[Int(order)]
    unlink(index, order: order)
    table[state: index] = .freeInside
    return index
  }

  /// Takes the given block, which must head a list entry of that order.
  mutating func takeBlock(at index: UInt32, order: UInt32) {
    unlink(index, order: order)
    table[state: index] = .freeInside
  }

  /// Makes a block free and merges it with its buddy as long as that is free too.
  mutating func putBlock(_ index: UInt32, order: UInt32) {
    var frame = first &+ index
    var order = order
    while order < Self.maximumOrder {
      // Below the table's first frame the subtraction wraps to a large number, which the comparison refuses.
      let buddy = (frame ^ 1 << order) &- first
      guard buddy < table.count, table[state: buddy] == .freeHead(order) else { break }
      unlink(buddy, order: order)
      // Whichever head is not the merged block's becomes an inner frame; the other is overwritten below.
      table[state: buddy] = .freeInside
      table[state: frame &- first] = .freeInside
      frame &= ~(1 << order)
      order += 1
    }
    link(frame &- first, order: order)
  }

  /// Makes the frames of a stretch free, in blocks as large as alignment allows.
  ///
  /// They must be `freeInside`.
  mutating func putBlocks(from start: UInt32, to end: UInt32) {
    var index = start
    while index < end {
      let alignment = UInt32((first &+ index).trailingZeroBitCount)
      let length = 31 - UInt32((end - index).leadingZeroBitCount)
      let order = min(alignment, length, Self.maximumOrder)
      putBlock(index, order: order)
      index += 1 << order
    }
  }

  /// The head and order of the free block that holds a frame, or `nil` if it is in none.
  func block(holding index: UInt32) -> (index: UInt32, order: UInt32)? {
    for order in 0...Self.maximumOrder {
      let head = ((first &+ index) & ~(1 << order &- 1)) &- first
      guard head < table.count else { return nil }
      if table[state: head] == .freeHead(order) { return (head, order) }
    }
    return nil
  }
}
