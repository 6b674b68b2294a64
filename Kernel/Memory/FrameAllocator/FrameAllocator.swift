/// Physical memory, handed out by frames.
///
/// A buddy system keeps free memory in blocks of 2^n frames, aligned to their size, so that runs for large pages
/// and devices can be had and merge again when they come back. Before it stands a small cache of single frames,
/// because nearly every request is for one: it takes and gives without splitting and merging, in constant time,
/// and passes on 32 frames at a time. A frame in the cache counts as free; when a run can't be found, the cache
/// is emptied first, so it never stands in the way.
///
/// Every frame has a byte that says what it is (see `FrameState`), so freeing a frame twice, or one that was never
/// handed out, is refused and named instead of corrupting the lists.
///
/// Frame 0 is never handed out: address 0 means "none" in too many structures of the hardware.
///
/// The allocator knows nothing of memory maps and reads no physical memory: the start-up code adds what is usable.
/// It has no lock; its owner serialises.

import Base

/// Hands out the frames of one range of physical memory.
///
/// - Invariant: every frame in the table is absent, handed out, in the cache, or in exactly one free block; a free
///   block's head is in the list of its order; no two free blocks of one order are buddies.
public struct FrameAllocator: ~Copyable {
  /// The base-two logarithm of the longest run: 2^20 frames are 4 GiB.
  @inlinable public static var maximumOrder: UInt32 { 20 }
  /// Frames that pass between the cache and the buddy system at a time.
  @inlinable static var batch: Int { 32 }

  @usableFromInline let table: FrameTable
  /// The number of the table's first frame.
  @usableFromInline let first: UInt32

  @usableFromInline var cache: [64 of UInt32] = .init(repeating: 0)
  @usableFromInline var cacheCount = 0

  /// The first free block of each order, as a table index.
  @usableFromInline var heads: [21 of UInt32] = .init(repeating: FrameTable.none)
  /// Bit n is set exactly while the list of order n is not empty.
  @usableFromInline var filledOrders: UInt32 = 0

  /// Frames that were added, those handed out included.
  public private(set) var totalCount: UInt32 = 0
  /// Frames that are free, those in the cache included.
  @inlinable public var freeCount: UInt32 { freeFrames }
  /// The most frames that were ever handed out at once.
  public var peakUsedCount: UInt32 { totalCount - leastFreeCount }
  /// Frames that are handed out.
  public var usedCount: UInt32 { totalCount - freeCount }
  /// Requests, for one frame or for a run, that were granted.
  public var grantCount: UInt64 { grants }
  /// Requests that found no memory.
  public internal(set) var refusalCount: UInt64 = 0

  @usableFromInline var freeFrames: UInt32 = 0
  @usableFromInline var leastFreeCount: UInt32 = 0
  @usableFromInline var grants: UInt64 = 0

  /// Makes an allocator without memory for the frames from `first` on that `table` has room for.
  public init(table: FrameTable, first: FrameNumber) {
    precondition(!first.rawValue.addingReportingOverflow(table.count).overflow, "frames wrap around")
    self.table = table
    self.first = first.rawValue
  }

  /// Makes an allocator that has no frames and can't be given any: what a node has before it knows its memory.
  public init() { self.init(table: FrameTable(), first: FrameNumber(0)) }

  // MARK: - One frame

  /// Takes a frame.
  ///
  /// Its content is whatever was there before.
  @inlinable
  public mutating func allocate(for owner: FrameOwner = .other) throws(FrameAllocatorError) -> FrameNumber {
    if cacheCount == 0 { try refillCache() }
    cacheCount &-= 1
    let index = cache[cacheCount]
    table[state: index] = .allocated(owner)
    freeFrames &-= 1
    if freeFrames < leastFreeCount { leastFreeCount = freeFrames }
    grants &+= 1
    return FrameNumber(first &+ index)
  }

  /// Gives a frame back, whether it was taken alone or as part of a run.
  @inlinable
  public mutating func free(_ frame: FrameNumber) throws(FrameAllocatorError) {
    let index = frame.rawValue &- first
    guard index < table.count, table[state: index].isAllocated else { throw refusalToFree(frame) }
    if cacheCount == 2 * Self.batch { drainCache(Self.batch) }
    table[state: index] = .cached
    cache[cacheCount] = index
    cacheCount &+= 1
    freeFrames &+= 1
  }

  /// Gives a frame back that must belong to `owner`.
  @inlinable
  public mutating func free(_ frame: FrameNumber, of owner: FrameOwner) throws(FrameAllocatorError) {
    let index = frame.rawValue &- first
    if index < table.count, table[state: index].isAllocated, table[state: index] != .allocated(owner) {
      throw .wrongOwner(frame, table[state: index].owner)
    }
    try free(frame)
  }

  /// Whom a frame was given to, or `nil` if it is not handed out.
  @inlinable
  public func owner(of frame: FrameNumber) -> FrameOwner? {
    let index = frame.rawValue &- first
    guard index < table.count, table[state: index].isAllocated else { return nil }
    return table[state: index].owner
  }

  // MARK: - Statistics that walk

  /// Counts the frames of one kind of owner by looking at every frame.
  public func count(of owner: FrameOwner) -> UInt32 {
    var count: UInt32 = 0
    for index in 0..<table.count where table[state: index] == .allocated(owner) { count += 1 }
    return count
  }

  /// The longest run of frames that a request with the same alignment would be granted; 0 when nothing is free.
  ///
  /// Runs that only exist across two blocks are not counted. Empties the cache of single frames.
  public mutating func largestRun() -> UInt32 {
    drainCache(cacheCount)
    guard filledOrders != 0 else { return 0 }
    return 1 << (31 - UInt32(filledOrders.leadingZeroBitCount))
  }

  // MARK: - Between the cache and the buddy system

  @usableFromInline
  func refusalToFree(_ frame: FrameNumber) -> FrameAllocatorError {
    let index = frame.rawValue &- first
    guard index < table.count, table[state: index].isFree else { return .foreignFrame(frame) }
    return .doubleFree(frame)
  }

  /// Fills the empty cache with one block, of `batch` frames if there is one as large.
  @usableFromInline
  mutating func refillCache() throws(FrameAllocatorError) {
    guard filledOrders != 0 else {
      refusalCount += 1
      throw .outOfFrames
    }
    // The smallest block that has a batch, else the largest that there is.
    let large = filledOrders & ~0x1F
    let order =
      large != 0 ? UInt32(large.trailingZeroBitCount) : 31 - UInt32(filledOrders.leadingZeroBitCount)
    let index = takeBlock(order: order)
    let count = min(1 << order, UInt32(Self.batch))
    table.fillStates(from: index, count: count, with: .cached)
    // The lowest address lies on top.
    for offset in 0..<count { cache[Int(count - 1 - offset)] = index + offset }
    cacheCount = Int(count)
    putBlocks(from: index + count, to: index + 1 << order)
  }

  /// Passes the `count` oldest frames of the cache on to the buddy system.
  @usableFromInline
  mutating func drainCache(_ count: Int) {
    for position in 0..<count { putBlock(cache[position], order: 0) }
    for position in count..<cacheCount { cache[position - count] = cache[position] }
    cacheCount -= count
  }

  /// Notes frames as added; they are put into blocks by the caller.
  mutating func noteAdded(_ count: UInt32) {
    totalCount += count
    freeFrames += count
    leastFreeCount += count
  }

  mutating func noteRemoved(_ count: UInt32) {
    totalCount -= count
    freeFrames -= count
    leastFreeCount = leastFreeCount > count ? leastFreeCount - count : 0
  }
}
