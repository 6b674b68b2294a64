/// How much one entry of a page table maps.

import Base

/// The size of a page, a power of two of bytes.
public struct PageSize: BitwiseCopyable, Hashable, Comparable, Sendable {
  /// The base-two logarithm of the size in bytes.
  public let shift: UInt8

  /// Makes a size of its logarithm, at least `pageShift`.
  @inlinable @inline(__always)
  public init(shift: Int) { self.shift = UInt8(truncatingIfNeeded: shift) }

  /// 4 KiB, in every format.
  public static let base = PageSize(shift: 12)
  /// 2 MiB, in three-level and four-level tables.
  public static let twoMiB = PageSize(shift: 21)
  /// 4 MiB, in two-level tables.
  public static let fourMiB = PageSize(shift: 22)
  /// 1 GiB, in four-level tables of processors that have it.
  public static let oneGiB = PageSize(shift: 30)

  /// The size in bytes.
  @inlinable
  public var byteCount: UInt { 1 << UInt(shift) }

  /// The size in base pages.
  @inlinable
  public var pageCount: Int { 1 << (Int(shift) - pageShift) }

  /// Whether `lhs` is the smaller page.
  @inlinable
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.shift < rhs.shift }
}
