/// What a node may reach: the lookup table of the Single-chip Cloud Computer, 256 entries of 16 MiB.
///
/// A core address is split in two: its top eight bits choose an entry, the rest is the place inside the segment.
/// (SCC External Architecture Specification 1.1, section 8, "Look up table".)
///
///     31      24 23                       0
///     ┌─────────┬──────────────────────────┐
///     │  entry  │   place in the segment   │   core address, 32 bits
///     └─────────┴──────────────────────────┘
///          │                  └───────────────────────┐
///          ▼                                          ▼
///     entry.system (a multiple of 16 MiB)      +    place     = system address, 64 bits
///
/// The table is data: who enforces it (page tables, nested paging) builds from it and from nothing else.

import Base

/// Bytes in a segment: 16 MiB.
public let segmentSize: UInt64 = 1 << 24

/// What lies behind a segment.
public enum SegmentKind: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// Nothing: an access faults.
  case none
  /// Memory of one node alone.
  case `private`
  /// Memory that every node may map: the shared window.
  case shared
  /// A node's message buffer, which others write into.
  case messageBuffer
  /// Registers.
  case device
}

/// One row of a lookup table.
public struct Segment: BitwiseCopyable, Hashable, Sendable {
  /// What lies behind it.
  public var kind: SegmentKind
  /// What the node may do there.
  public var access: Access
  /// The node whose memory it is; meaningless for `none`.
  public var owner: UInt8
  /// The first system address, a multiple of 16 MiB.
  public var system: PhysicalAddress

  /// Makes a row.
  @inlinable
  public init(_ kind: SegmentKind, _ access: Access, owner: UInt8, system: PhysicalAddress) {
    self.kind = kind
    self.access = access
    self.owner = owner
    self.system = system
  }

  /// A row with nothing behind it.
  @inlinable
  public static var none: Segment { Segment(.none, [], owner: 0, system: PhysicalAddress(0)) }
}

/// The 256 rows of one node.
public struct LookupTable: BitwiseCopyable, Sendable {
  /// The number of rows.
  @inlinable public static var count: Int { 256 }

  @usableFromInline var segments: InlineArray<256, Segment>

  /// Makes a table that maps nothing.
  @inlinable
  public init() { segments = .init(repeating: .none) }

  /// The row of an index from 0 to 255.
  @inlinable
  public subscript(index: Int) -> Segment {
    get { segments[index] }
    set { segments[index] = newValue }
  }

  /// Where a core address leads, or `nil` where nothing is mapped.
  @inlinable
  public func system(ofCore address: UInt32) -> PhysicalAddress? {
    let segment = segments[Int(address >> 24)]
    guard segment.kind != .none else { return nil }
    return PhysicalAddress(segment.system.rawValue | UInt64(address & 0x00FF_FFFF))
  }

  /// The lowest core address that leads to a system address, or `nil` if none does.
  @inlinable
  public func core(ofSystem address: PhysicalAddress) -> UInt32? {
    let start = address.rawValue & ~(segmentSize - 1)
    for index in 0..<Self.count
    where segments[index].kind != .none && segments[index].system.rawValue == start {
      return UInt32(index) << 24 | UInt32(truncatingIfNeeded: address.rawValue & (segmentSize - 1))
    }
    return nil
  }

  /// Whether the node may do all of `access` at a core address.
  @inlinable
  public func permits(_ access: Access, atCore address: UInt32) -> Bool {
    let segment = segments[Int(address >> 24)]
    return segment.kind != .none && segment.access.isSuperset(of: access)
  }
}
