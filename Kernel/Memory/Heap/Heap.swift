/// The kernel's heap, there on purpose and with a limit.
///
/// Allocating and freeing take constant time whatever the heap holds, but for growth, which takes what mapping
/// takes. What it protects: it checks every word of its own before it believes it, so that an overrun, a second
/// free or a stray pointer is answered with an error that names the address and changes nothing.
///
/// Left out on purpose: giving pages back, and filling freed memory, which would take time by size. Freed memory
/// that is written to is found only if its first eight bytes were.

import Base

/// A heap over a region of addresses that grows page by page.
///
/// - Invariant: blocks cover the mapped region from its start to a last, empty block; no two neighbours are free;
///   exactly the free blocks are in `lists`.
public struct Heap<Growth: HeapGrowth & ~Copyable>: ~Copyable {
  /// Pages that the heap asks for at once if it may.
  public static var preferredPages: Int { 4 }

  var memory: HeapMemory
  var lists = FreeLists()
  var growth: Growth

  /// The most bytes of pages that the heap may have.
  public let limit: Int

  /// What the heap has done so far.
  public internal(set) var statistics = HeapStatistics()

  /// Makes an empty heap.
  ///
  /// - Parameters:
  ///   - base: the first address of its region, the start of a page and not 0.
  ///   - pageLimit: the most pages that it may have, up to 512 MiB.
  ///   - growth: who maps them.
  public init(at base: VirtualAddress, pageLimit: Int, growth: consuming Growth) {
    precondition(base.isPageAligned && base.rawValue != 0, "a heap begins at a page other than the first")
    // Offsets and sizes then add up without overflow in 32 bits.
    precondition(pageLimit > 0 && pageLimit <= 1 << 17, "a heap has up to 512 MiB")
    precondition(
      base.advanced(byChecked: UInt(pageLimit * pageSize)) != nil,
      "a heap ends below the last page of addresses")
    memory = HeapMemory(base: base)
    limit = pageLimit * pageSize
    self.growth = growth
  }

  /// The address of an offset in the region.
  func address(_ offset: Int) -> VirtualAddress { memory.base + UInt(offset) }

  /// The header at an offset, which the heap wrote there.
  func block(at offset: Int) throws(HeapError) -> HeapBlock {
    guard let block = HeapBlock(at: offset, in: memory) else { throw .corrupted(address(offset)) }
    return block
  }

  /// The payload of the largest free block in bytes; 0 if there is none.
  ///
  /// Walks one list, that of the largest class.
  public func measureLargestFree() throws(HeapError) -> Int {
    var next = lists.largestHead
    var largest = 0
    var steps = memory.size / HeapBlock.minimumSize
    while let offset = next, steps > 0 {
      let found = try freeBlock(at: offset)
      largest = max(largest, found.size - HeapBlock.headerSize - HeapBlock.redZone)
      next = link(memory.word(at: found.payload))
      steps -= 1
    }
    return largest
  }

  /// Walks the whole heap and checks every header, red zone and neighbourhood.
  ///
  /// - Returns: the number of allocations in use.
  /// - Throws: the first damage found.
  public func checkAll() throws(HeapError) -> Int {
    var (offset, previousSize, previousIsFree, allocations) = (0, 0, false, 0)
    while offset < memory.size - HeapBlock.headerSize {
      let found = try block(at: offset)
      guard found.previousSize == previousSize, !(found.isFree && previousIsFree) else {
        throw .corrupted(address(offset))
      }
      if !found.isFree {
        guard found.isRedZoneWhole(in: memory) else { throw .overrun(address(found.payload)) }
        allocations += 1
      } else {
        try checkLinks(of: found)
      }
      (offset, previousSize, previousIsFree) = (found.end, found.size, found.isFree)
    }
    return allocations
  }
}
