/// The lists of free blocks.

import Base

extension FrameAllocator {
  /// Takes a block of 2^order frames off the lists; its first frame is marked as allocated.
  mutating func takeBlock(order: UInt32) throws(FrameAllocatorError) -> UInt32 {
    let candidates = ordersWithBlocks & (.max << order)
    guard candidates != 0 else {
      statistics.refusals += 1
      throw .outOfFrames
    }
    var blockOrder = UInt32(candidates.trailingZeroBitCount)
    let block = heads[Int(blockOrder)]
    unlink(block, order: blockOrder)
    // Halve it down to the wanted size; the upper halves stay free.
    while blockOrder > order {
      blockOrder -= 1
      link(block + (1 << blockOrder), order: blockOrder)
    }
    table.setState(.allocated, of: block)
    statistics.free -= 1 << order
    return block
  }

  /// Makes a block free and joins it with its buddy for as long as that is free too.
  mutating func insertBlock(_ frame: UInt32, order: UInt32) {
    var block = frame
    var blockOrder = order
    statistics.free += 1 << order
    while blockOrder < Self.largestOrder {
      let buddy = block ^ (1 << blockOrder)
      guard buddy < table.frameCount, table.state(of: buddy) == .freeBlock(order: blockOrder) else { break }
      unlink(buddy, order: blockOrder)
      table.setState(.notAllocated, of: buddy)
      table.setState(.notAllocated, of: block)
      block = min(block, buddy)
      blockOrder += 1
    }
    link(block, order: blockOrder)
  }

  /// Makes all frames from `start` up to, but not including, `end` free, in the largest blocks that fit.
  mutating func insertRun(from start: UInt32, to end: UInt32) {
    var frame = start
    while frame < end {
      let alignment = frame == 0 ? Self.largestOrder : UInt32(frame.trailingZeroBitCount)
      let size = UInt32(31 - (end - frame).leadingZeroBitCount)
      let order = min(min(alignment, size), Self.largestOrder)
      insertBlock(frame, order: order)
      frame += 1 << order
    }
  }

  private mutating func link(_ block: UInt32, order: UInt32) {
    let next = heads[Int(order)]
    table.setLinks(next: next, previous: Self.none, of: block)
    if next != Self.none { table.setLinks(next: table.links(of: next).next, previous: block, of: next) }
    heads[Int(order)] = block
    ordersWithBlocks |= 1 << order
    table.setState(.freeBlock(order: order), of: block)
  }

  private mutating func unlink(_ block: UInt32, order: UInt32) {
    let (next, previous) = table.links(of: block)
    if next != Self.none { table.setLinks(next: table.links(of: next).next, previous: previous, of: next) }
    if previous != Self.none {
      table.setLinks(next: next, previous: table.links(of: previous).previous, of: previous)
    } else {
      heads[Int(order)] = next
      if next == Self.none { ordersWithBlocks &= ~(1 << order) }
    }
  }
}
