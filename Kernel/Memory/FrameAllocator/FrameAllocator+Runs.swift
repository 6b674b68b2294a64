/// Runs of frames: adding memory, reserving it, and requests for more than one frame.

import Base

extension FrameAllocator {
  // MARK: - Start-up

  /// Adds usable frames.
  ///
  /// Frame 0 is left out.
  ///
  /// Costs a store for every few frames and a few hundred instructions for each run.
  ///
  /// - Throws: `foreignFrame` for a frame outside the table, `doubleFree` for one that was added before; nothing
  ///   is added then.
  @export(interface)
  public mutating func add(_ run: FrameRange) throws(FrameAllocatorError) {
    var start = run.start.rawValue
    var count = run.count
    if start == 0, count > 0 { (start, count) = (1, count - 1) }
    guard count > 0 else { return }
    let index = try checkedIndex(of: FrameRange(start: FrameNumber(start), count: count))
    if let present = table.firstPresent(from: index, count: count) {
      throw .doubleFree(FrameNumber(first &+ present))
    }
    table.fillStates(from: index, count: count, with: .freeInside)
    putBlocks(from: index, to: index + count)
    noteAdded(count)
  }

  /// Takes free frames out of the allocator for good, as if they had never been added.
  ///
  /// Frames that are absent already stay so.
  ///
  /// - Throws: `doubleFree` never; `foreignFrame` for a frame outside the table, `wrongOwner` for one that is
  ///   handed out. Nothing is reserved then.
  @export(interface)
  public mutating func reserve(_ run: FrameRange) throws(FrameAllocatorError) {
    guard run.count > 0 else { return }
    let start = try checkedIndex(of: run)
    for index in start..<start + run.count where table[state: index].isAllocated {
      throw .wrongOwner(FrameNumber(first &+ index), table[state: index].owner)
    }
    drainCache(cacheCount)
    let end = start + run.count
    var index = start
    while index < end {
      guard let block = block(holding: index) else {
        index += 1
        continue
      }
      let blockEnd = block.index + 1 << block.order
      let reservedEnd = min(end, blockEnd)
      takeBlock(at: block.index, order: block.order)
      table.fillStates(from: index, count: reservedEnd - index, with: .absent)
      putBlocks(from: block.index, to: index)
      putBlocks(from: reservedEnd, to: blockEnd)
      noteRemoved(reservedEnd - index)
      index = reservedEnd
    }
  }

  // MARK: - Requests

  /// Takes `count` frames that lie side by side.
  ///
  /// - Parameters:
  ///   - count: how many frames, 1 to 2^20.
  ///   - alignment: what the first frame's number must be a multiple of, in frames; a power of two.
  ///   - limit: the frame that the run must end at or below, for devices and start-up code that reach less than
  ///     all memory. A search with a limit looks at every free block that is large enough.
  @export(interface)
  public mutating func allocateRun(
    _ count: UInt32, alignment: UInt32 = 1, below limit: FrameNumber = FrameNumber(.max),
    for owner: FrameOwner = .other
  ) throws(FrameAllocatorError) -> FrameRange {
    guard count > 0, alignment > 0, alignment & (alignment - 1) == 0 else { throw .badRequest }
    let length = max(count, alignment)
    guard length <= 1 << Self.maximumOrder else {
      refusalCount += 1
      throw .outOfFrames
    }
    let order = 32 - UInt32((length - 1).leadingZeroBitCount)
    var found = findBlock(order: order, count: count, below: limit.rawValue)
    if found == nil, cacheCount > 0 {
      drainCache(cacheCount)
      found = findBlock(order: order, count: count, below: limit.rawValue)
    }
    guard let (index, foundOrder) = found else {
      refusalCount += 1
      throw .outOfFrames
    }
    takeBlock(at: index, order: foundOrder)
    table.fillStates(from: index, count: count, with: .allocated(owner))
    putBlocks(from: index + count, to: index + 1 << foundOrder)
    freeFrames -= count
    if freeFrames < leastFreeCount { leastFreeCount = freeFrames }
    grants += 1
    return FrameRange(start: FrameNumber(first &+ index), count: count)
  }

  /// Gives frames back that lie side by side, whether they were taken together or not.
  ///
  /// - Throws: the refusal for the first frame that is not handed out; nothing is given back then.
  @export(interface)
  public mutating func freeRun(_ run: FrameRange) throws(FrameAllocatorError) {
    guard run.count > 0 else { throw .badRequest }
    let start = try checkedIndex(of: run)
    for index in start..<start + run.count where !table[state: index].isAllocated {
      throw refusalToFree(FrameNumber(first &+ index))
    }
    table.fillStates(from: start, count: run.count, with: .freeInside)
    putBlocks(from: start, to: start + run.count)
    freeFrames += run.count
  }

  // MARK: - Finding

  @export(interface)
  private func checkedIndex(of run: FrameRange) throws(FrameAllocatorError) -> UInt32 {
    let index = run.start.rawValue &- first
    guard index < table.count else { throw .foreignFrame(run.start) }
    guard run.count <= table.count - index else { throw .foreignFrame(FrameNumber(first + table.count)) }
    return index
  }

  /// A free block of at least the given order whose first `count` frames end at or below the limit.
  @export(interface)
  private func findBlock(order: UInt32, count: UInt32, below limit: UInt32) -> (index: UInt32, order: UInt32)?
  {
    var orders = filledOrders & ~(1 << order &- 1)
    while orders != 0 {
      let candidate = UInt32(orders.trailingZeroBitCount)
      var index = heads[Int(candidate)]
      while index != FrameTable.none {
        if limit >= count, first &+ index <= limit - count { return (index, candidate) }
        index = table[link: index].next
      }
      orders &= orders - 1
    }
    return nil
  }
}
