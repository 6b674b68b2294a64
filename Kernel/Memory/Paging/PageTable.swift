/// A tree of page tables.

import Base

/// The page tables of one address space: a root and its geometry.
///
/// This is a name, like the value of `cr3`, not an owner: copies name the same tables, and several roots may share
/// the tables below some of their entries. Who may change the tables at a time is the caller's to arrange.
///
/// Where translations change that a processor may have cached, an operation calls back with each `PageChange`;
/// mapping what was not mapped needs no flush and has no callback. Nothing here allocates but
/// `TableMemory.allocateTable`, and page 0 is a page like any other.
///
/// Ranges are a first page and a count of base pages, so that a range can end with the last page there is.
public struct PageTable<Format: PageTableFormat>: BitwiseCopyable, Sendable {
  /// The geometry, as the processor is configured.
  public let format: Format
  /// The frame of the highest table, for `cr3`.
  public let root: FrameNumber

  /// Names tables that exist.
  @inlinable
  public init(format: Format, root: FrameNumber) { (self.format, self.root) = (format, root) }

  /// Makes an empty address space of one table.
  ///
  /// Throws `outOfFrames`.
  @inlinable
  public init<Memory: TableMemory & ~Copyable>(format: Format, in memory: inout Memory) throws(PagingError)
  where Memory.Entry == Format.Entry {
    self.init(format: format, root: try memory.allocateTable())
  }

  /// The first and last address of a range that was checked.
  @usableFromInline
  struct Span: BitwiseCopyable {
    @usableFromInline var first: UInt
    @usableFromInline var last: UInt
    @inlinable @inline(__always) init(first: UInt, last: UInt) { (self.first, self.last) = (first, last) }
  }

  /// The addresses of a range; `nil` if it is empty.
  ///
  /// Throws `misaligned`, `nonCanonical`, `rangeOverflow`.
  @inlinable @inline(__always)
  static func span(_ page: VirtualAddress, _ pageCount: Int) throws(PagingError) -> Span? {
    let first = page.rawValue
    guard page.isPageAligned else { throw .misaligned }
    guard Format.isCanonical(first) else { throw .nonCanonical }
    guard pageCount != 0 else { return nil }
    guard pageCount > 0, pageCount <= Int(UInt.max >> UInt(pageShift)) else { throw .rangeOverflow }
    let (last, overflow) = first.addingReportingOverflow(UInt(pageCount) << UInt(pageShift) - 1)
    // In four-level paging the last address must be in the same half.
    guard !overflow, Format.isCanonical(last), Format.addressBits == 32 || Int(bitPattern: first ^ last) >= 0
    else {
      throw .rangeOverflow
    }
    return Span(first: first, last: last)
  }

  /// Throws `frameOutOfReach` if an entry cannot hold the address of each of the frames.
  @inlinable @inline(__always)
  static func checkReach(_ frame: FrameNumber, _ pageCount: Int) throws(PagingError) {
    let highest = UInt32(truncatingIfNeeded: Format.addressMask >> Format.Entry(pageShift))
    guard frame.rawValue <= highest, UInt(pageCount - 1) <= UInt(highest - frame.rawValue) else {
      throw .frameOutOfReach
    }
  }
}
