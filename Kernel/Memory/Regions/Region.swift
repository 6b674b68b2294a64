/// A run of pages of an address space that are alike, and the reference by which the map names it.

import Base

/// What a region is for; decides how it grows and what it is called in /proc.
public enum RegionKind: UInt8, BitwiseCopyable, Sendable {
  /// Anything that was mapped.
  case mapping
  /// What `brk` moves the end of.
  case heap
  /// A stack that grows down; see `RegionContent.floor`.
  case stack
  /// A page of the kernel for programs; it can be read and executed, not unmapped in part.
  case kernelPage
}

/// What the pages of a region hold and who may do what with them.
public struct RegionContent: BitwiseCopyable, Equatable, Sendable {
  /// What the program may do; empty forbids everything.
  public var access: Access
  /// What the region is for.
  public var kind: RegionKind
  /// Whether a fork goes on using the same pages, and of a file those that everybody reads and writes.
  public var isShared: Bool
  /// Whether it can never become writable: a file that is shared and was opened for reading only.
  public var isForReading = false
  /// The file that pages come from, as its owner names it; 0 for zeros.
  public var file: UInt64
  /// The page of the file that the first page shows; of a stack, the lowest page that it may grow to.
  public var filePage: UInt64
  /// One past the last byte of the file that shows; after it are zeros.
  public var fileEnd: UInt64

  /// Zeros.
  @inlinable
  public init(_ access: Access, kind: RegionKind = .mapping, isShared: Bool = false) {
    (self.access, self.kind, self.isShared) = (access, kind, isShared)
    (file, filePage, fileEnd) = (0, 0, 0)
  }

  /// A stack that may grow down to page `floor`.
  @inlinable
  public init(stack access: Access, floor: UInt) {
    self.init(access, kind: .stack)
    filePage = UInt64(floor)
  }

  /// A part of a file, changed only for this address space.
  @inlinable
  public init(_ access: Access, file: UInt64, page: UInt64, end: UInt64 = .max) {
    self.init(access)
    (self.file, filePage, fileEnd) = (file, page, end)
  }

  /// A part of a file as everybody sees it.
  @inlinable
  public init(sharing file: UInt64, _ access: Access, page: UInt64, isForReading: Bool = false) {
    self.init(access, file: file, page: page)
    (isShared, self.isForReading) = (true, isForReading)
  }

  /// Whether what is written here is written to a file.
  @inlinable public var isLive: Bool { isShared && file != 0 }

  /// The lowest page that a stack may grow to.
  @inlinable public var floor: UInt { UInt(truncatingIfNeeded: filePage) }

  /// What a region holds that begins `pages` further up.
  @inlinable
  func advanced(by pages: UInt) -> RegionContent {
    var result = self
    if file != 0 { result.filePage &+= UInt64(pages) }
    return result
  }

  /// Whether pages with `next`, right behind `pages` of these, could be in one region with them.
  @inlinable
  func continues(after pages: UInt, with next: RegionContent) -> Bool {
    kind != .stack && kind != .kernelPage && advanced(by: pages) == next
  }
}

/// A region in its address space.
///
/// - Invariant: `start < end`, in pages. `left` and `right` are roots of trees whose heights differ by one at
///   most; `height` is the larger one's and one more.
public struct Region: BitwiseCopyable {
  /// The first page.
  public internal(set) var start: UInt
  /// One past the last page.
  public internal(set) var end: UInt
  /// What the pages hold.
  public internal(set) var content: RegionContent
  /// The neighbours in the order of addresses.
  public internal(set) var next: RegionReference?
  /// The neighbour below.
  public internal(set) var previous: RegionReference?
  var left: RegionReference?
  var right: RegionReference?
  var height: Int32

  /// How many pages there are.
  @inlinable public var pageCount: UInt { end - start }
}

/// A region, by the place of its record.
///
/// Safe to use because records are given back only by the map that they are taken out of, and whoever provides
/// their memory promises at `init(at:)` that it stays.
@safe public struct RegionReference: BitwiseCopyable, Equatable {
  @usableFromInline let record: UnsafeMutablePointer<Region>

  /// Takes memory for a record.
  ///
  /// - Safety: the memory must be writable, aligned for `Region` and as large, stay so as long as the reference is
  ///   used, and be used through it only.
  @unsafe public init(at record: UnsafeMutablePointer<Region>) { unsafe self.record = record }

  /// The address of the record, for those who provide the memory.
  public var address: UInt { unsafe UInt(bitPattern: record) }

  /// Whether both are the same region.
  @inlinable @inline(__always)
  public static func == (lhs: Self, rhs: Self) -> Bool { unsafe lhs.record == rhs.record }

  /// The record, in place; only the map that it is in changes it.
  @inlinable @inline(__always)
  public var fields: Region {
    @inline(__always) unsafeAddress {
      // SAFETY: `init(at:)` made its caller promise that the record is there.
      unsafe UnsafePointer(record)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      // SAFETY: `init(at:)` made its caller promise that the record is there and writable.
      unsafe record
    }
  }
}

/// Where records come from, and who must know how many regions show a file.
public protocol RegionStore: ~Copyable {
  /// Memory for a record, or `nil` when there is no more.
  mutating func takeRecord() -> RegionReference?
  /// Takes a record back.
  mutating func giveRecord(_ record: RegionReference)
  /// One more region shows the file, shared with all who have it or private.
  mutating func hold(file: UInt64, isShared: Bool)
  /// One region fewer shows the file.
  mutating func letGo(file: UInt64, isShared: Bool)
}

/// Records that are not in use, linked through themselves.
public struct RegionPool: ~Copyable {
  private var first: RegionReference?
  /// How many records there are to take.
  public private(set) var count = 0

  /// A pool without records.
  public init() {}

  /// The bytes from one record to the next in memory that is added.
  public static var stride: Int { MemoryLayout<Region>.stride }

  /// Adds as many records as fit.
  ///
  /// - Safety: the memory must be writable, aligned to 8, and belong to the pool for ever.
  @unsafe public mutating func add(memory: UnsafeMutableRawPointer, byteCount: Int) {
    for index in 0..<(byteCount / Self.stride) {
      let place = unsafe memory.advanced(by: index * Self.stride).assumingMemoryBound(to: Region.self)
      // SAFETY: the caller vouches for the memory; the record lies inside it.
      give(unsafe RegionReference(at: place))
    }
  }

  /// Takes a record; its contents are whatever was there.
  public mutating func take() -> RegionReference? {
    guard let record = first else { return nil }
    first = record.fields.next
    count -= 1
    return record
  }

  /// Gives a record back.
  public mutating func give(_ record: RegionReference) {
    record.fields.next = first
    first = record
    count += 1
  }
}
