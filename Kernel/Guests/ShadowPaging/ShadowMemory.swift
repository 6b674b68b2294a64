/// What shadow paging needs of the machine.

import Base
import GuestInterface
import Paging

/// A guest's memory, and the frames of the tables that show it to the processor.
public protocol ShadowMemory: TableMemory, GuestMemory, ~Copyable {
  /// The host's counter, which never goes back.
  func now() -> UInt64

  /// Puts the host's own part into a new table for the range that ends with the address space.
  ///
  /// - Parameter root: a root whose last top entry has its table.
  mutating func installSwitcher(in root: FrameNumber) throws(PagingError)
}

/// What happened in a guest's shadow tables.
public struct ShadowStatistics: BitwiseCopyable, Hashable, Sendable {
  /// Pages that were shown after a fault.
  public var fills: UInt64 = 0
  /// Faults that were the guest's own.
  public var reflections: UInt64 = 0
  /// Roots that gave way to others.
  public var evictions: UInt64 = 0
  /// Times that everything was forgotten.
  public var flushes: UInt64 = 0
  /// Times that everything was forgotten because no more tables were to be had.
  public var reclaims: UInt64 = 0
  /// Roots that were found in the cache.
  public var rootHits: UInt64 = 0
  /// Roots that were not.
  public var rootMisses: UInt64 = 0
}

/// What a page fault of a guest came to.
public enum ShadowFault: BitwiseCopyable, Hashable, Sendable {
  /// The page is shown now: go on.
  case filled
  /// The guest's own tables forbid the access: it is the guest's fault to handle.
  ///
  /// Whether they show a page there, which the shadow's entry does not tell.
  case reflected(isPresent: Bool)
  /// The guest must end.
  case killed(GuestMistake)
}
