/// Physical memory, handed out by the frame.
///
/// A buddy system (Knuth, TAOCP vol. 1, 2.5): free memory is kept in blocks of 2^order frames that start at a
/// multiple of their size, one list for each order. A word with a bit for each list that is not empty finds the
/// smallest block that will do with one bit-scan, so a single frame costs the same however much memory there is.
/// A run whose length is not a power of two gives its tail back at once.
///
/// Left out on purpose: which frame is better than which (colours, nodes of memory). Every frame is equal.

import Base

/// The allocator of physical frames.
///
/// - Invariant: a frame's state is `allocated` exactly while somebody has it; the first frame of each free block has
///   the block's order as its state and is in the list of that order; two free buddies never stand side by side.
public struct FrameAllocator: ~Copyable {
  /// The order of the largest block: 2^18 frames, 1 GiB.
  public static var largestOrder: UInt32 { 18 }
  /// How many separate ranges of memory can be remembered.
  public static var rangeCapacity: Int { 128 }

  static var none: UInt32 { .max }

  var table: FrameTable
  var heads: InlineArray<19, UInt32> = .init(repeating: .max)
  /// Bit `order` is set exactly while the list of that order has a block.
  var ordersWithBlocks: UInt32 = 0
  var ranges: InlineArray<128, FrameRange> = .init(repeating: .empty)
  var rangeCount = 0

  /// What became of the frames so far.
  public internal(set) var statistics = FrameStatistics()

  /// Makes an allocator that has no frames yet.
  public init(table: consuming FrameTable) { self.table = table }

  /// Makes an allocator that has no frames and can't be given any: what a node has before it knows its memory.
  public init() { table = FrameTable() }

  /// Frames in the longest free run that can be had; a power of two.
  public var largestRun: UInt32 {
    ordersWithBlocks == 0 ? 0 : 1 << UInt32(31 - ordersWithBlocks.leadingZeroBitCount)
  }

  /// Takes one frame.
  public mutating func allocate() throws(FrameAllocatorError) -> FrameNumber {
    let frame = try takeBlock(order: 0)
    noteUse()
    return FrameNumber(frame)
  }

  /// Takes `count` frames in one run.
  ///
  /// - Parameters:
  ///   - count: the number of frames, 1 to 2^18.
  ///   - alignment: the first frame is a multiple of this; a power of two, at most 2^18.
  /// - Throws: `invalidRequest`, or `outOfFrames` when no block of the next power of two is free.
  public mutating func allocate(
    count: UInt32, alignment: UInt32 = 1
  ) throws(FrameAllocatorError) -> FrameRange {
    guard count > 0, alignment > 0, alignment & (alignment - 1) == 0 else { throw .invalidRequest }
    let wanted = max(count, alignment)
    let order = UInt32(32 - (wanted - 1).leadingZeroBitCount)
    guard order <= Self.largestOrder else { throw .invalidRequest }
    let first = try takeBlock(order: order)
    let blockEnd = first + (1 << order)
    // The block counts as allocated as a whole; give back what was not asked for.
    for frame in first..<(first + count) { table.setState(.allocated, of: frame) }
    insertRun(from: first + count, to: blockEnd)
    noteUse()
    return FrameRange(start: FrameNumber(first), count: count)
  }

  /// Gives one frame back.
  ///
  /// - Throws: `doubleFree` or `foreignFree`, with nothing changed.
  public mutating func free(_ frame: FrameNumber) throws(FrameAllocatorError) {
    try checkAllocated(frame.rawValue)
    insertBlock(frame.rawValue, order: 0)
  }

  /// Gives a run of frames back, or any part of one.
  ///
  /// - Throws: `doubleFree` or `foreignFree`, naming the first frame that is not in use, with nothing changed.
  public mutating func free(_ range: FrameRange) throws(FrameAllocatorError) {
    for frame in range.start.rawValue..<range.end.rawValue { try checkAllocated(frame) }
    for frame in range.start.rawValue..<range.end.rawValue { table.setState(.notAllocated, of: frame) }
    insertRun(from: range.start.rawValue, to: range.end.rawValue)
  }

  /// Whether somebody has the frame now.
  public func isAllocated(_ frame: FrameNumber) -> Bool {
    frame.rawValue < table.frameCount && table.state(of: frame.rawValue) == .allocated
  }

  @inline(__always)
  private mutating func noteUse() {
    statistics.allocations += 1
    statistics.peakUsed = max(statistics.peakUsed, statistics.used)
  }

  private func checkAllocated(_ frame: UInt32) throws(FrameAllocatorError) {
    guard frame < table.frameCount, table.state(of: frame) == .allocated else {
      throw isManaged(frame) ? .doubleFree(FrameNumber(frame)) : .foreignFree(FrameNumber(frame))
    }
  }

  private func isManaged(_ frame: UInt32) -> Bool {
    for index in 0..<rangeCount where ranges[index].contains(FrameNumber(frame)) { return true }
    return false
  }
}
