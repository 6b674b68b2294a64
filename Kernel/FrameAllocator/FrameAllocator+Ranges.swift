/// How the allocator comes by its frames.

import Base

extension FrameAllocator {
  /// Adds a range of free frames.
  ///
  /// - Parameter range: frames that nobody uses; they must lie inside the table and be new to the allocator.
  /// - Throws: `invalidRequest` if the range leaves the table, `overlappingRange`, `tooManyRanges`.
  public mutating func add(_ range: FrameRange) throws(FrameAllocatorError) {
    guard range.count > 0 else { return }
    guard range.end.rawValue <= table.frameCount else { throw .invalidRequest }
    for index in 0..<rangeCount where ranges[index].overlaps(range) {
      throw .overlappingRange(range.start)
    }
    guard rangeCount < Self.rangeCapacity else { throw .tooManyRanges }
    ranges[rangeCount] = range
    rangeCount += 1
    statistics.total += range.count
    insertRun(from: range.start.rawValue, to: range.end.rawValue)
  }
}
