/// Mapping a contiguous range.

import Base

extension PageTable {
  /// Maps `pageCount` pages to as many frames in a row, with the largest pages that fit.
  ///
  /// What fits is up to the addresses, the rest of the range, the processor and the caller. Where a table lies already, its smaller pages are used.
  ///
  /// All or nothing: a first pass finds the entries and makes the tables, and only a second pass, which cannot
  /// fail, maps. So no processor ever sees a part of a range that was refused. Tables that the first pass made stay
  /// linked and empty; `reclaimTables` frees them. Throws `misaligned`, `nonCanonical`, `rangeOverflow`,
  /// `frameOutOfReach`, `alreadyMapped`, `outOfFrames`.
  ///
  /// - Parameters:
  ///   - frame: the first frame.
  ///   - page: the first page.
  ///   - pageCount: the size of the range in base pages; 0 does nothing.
  ///   - attributes: the same for every page.
  ///   - largest: no page shall be larger than this.
  ///   - memory: the tables.
  @inlinable
  public func map<Memory: TableMemory & ~Copyable>(
    _ frame: FrameNumber, at page: VirtualAddress, pageCount: Int, _ attributes: PageAttributes,
    upTo largest: PageSize = .oneGiB, in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    guard let span = try Self.span(page, pageCount) else { return }
    try Self.checkReach(frame, pageCount)
    let top = highestLevel(upTo: largest)
    try prepare(span.first, frame, pageCount, top, in: &memory)
    fill(span.first, frame, pageCount, attributes, in: &memory)
  }

  @inlinable
  func highestLevel(upTo largest: PageSize) -> Int {
    var level = format.largestLeafLevel
    while level > 1, Format.shift(level) > Int(largest.shift) { level -= 1 }
    return level
  }

  /// The first pass.
  ///
  /// Afterwards a walk for each page of the range ends at an absent entry of the level that is
  /// to map it.
  @inlinable
  func prepare<Memory: TableMemory & ~Copyable>(
    _ first: UInt, _ frame: FrameNumber, _ pageCount: Int, _ highest: Int, in memory: inout Memory
  ) throws(PagingError) where Memory.Entry == Format.Entry {
    var done = 0
    while done < pageCount {
      let address = first + UInt(done) << UInt(pageShift)
      var slot = slot(address, in: memory)
      guard !format.isPresent(slot.entry) else { throw .alreadyMapped }
      var level = min(slot.level, highest)
      let misfit = address >> UInt(pageShift) | UInt(frame.rawValue) &+ UInt(done)
      while level > 1,
        misfit & UInt(Format.pageCount(level) - 1) != 0 || pageCount - done < Format.pageCount(level)
      {
        level -= 1
      }
      try descend(&slot, to: level, address, in: &memory)
      // What fits this entry fits its neighbours in the same table, up to the end of the range.
      repeat {
        done += Format.pageCount(level)
        slot.index += 1
      } while slot.index < Format.entryCount(level) && pageCount - done >= Format.pageCount(level)
        && !format.isPresent(memory.load(slot.table, slot.index))
    }
  }

  /// The second pass.
  ///
  /// It need not choose sizes again: the first pass left an absent entry of the level it chose, because whatever
  /// is to be mapped by smaller pages has its table by now.
  @inlinable
  func fill<Memory: TableMemory & ~Copyable>(
    _ first: UInt, _ frame: FrameNumber, _ pageCount: Int, _ attributes: PageAttributes,
    in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    var done = 0
    while done < pageCount {
      let slot = slot(first + UInt(done) << UInt(pageShift), in: memory)
      let stride = Format.pageCount(slot.level)
      var index = slot.index
      var entry = format.leaf(FrameNumber(frame.rawValue + UInt32(done)), attributes, slot.level)
      repeat {
        memory.store(entry, slot.table, index)
        entry = entry &+ Format.Entry(stride) << Format.Entry(pageShift)
        done += stride
        index += 1
      } while index < Format.entryCount(slot.level) && pageCount - done >= stride
        && !format.isPresent(memory.load(slot.table, index))
    }
  }
}
