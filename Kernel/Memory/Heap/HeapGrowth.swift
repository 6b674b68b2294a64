/// The seam through which a heap gets its memory.

import Base

/// Whoever maps pages for a heap.
public protocol HeapGrowth: ~Copyable {
  /// Maps `count` pages of writable memory from `address` on: all of them, or none and answers `false`.
  ///
  /// The heap asks for each page once, first to last, and never gives one back.
  mutating func mapPages(at address: VirtualAddress, count: Int) -> Bool
}

/// What a heap has done so far.
public struct HeapStatistics: BitwiseCopyable, Sendable {
  /// Bytes that callers asked for and have not freed.
  public internal(set) var bytesInUse = 0
  /// The most that `bytesInUse` has been.
  public internal(set) var peakBytesInUse = 0
  /// Successful allocations.
  public internal(set) var allocationCount = 0
  /// Successful frees.
  public internal(set) var freeCount = 0
  /// Requests refused because the heap was exhausted.
  public internal(set) var refusalCount = 0
  /// Bytes of mapped pages.
  public internal(set) var mappedBytes = 0
}
