/// What is learned about a mapping when tables are read or changed.

import Base

/// One entry that maps a page of some size, as it was when it was read.
public struct Mapping: BitwiseCopyable, Hashable, Sendable {
  /// The first address of the page.
  public var page: VirtualAddress
  /// The first frame behind it.
  public var frame: FrameNumber
  /// How much the entry maps.
  public var size: PageSize
  /// The attributes in effect: what an upper level denies is denied here too.
  public var attributes: PageAttributes

  /// Makes a mapping of its parts.
  @inlinable
  public init(page: VirtualAddress, frame: FrameNumber, size: PageSize, attributes: PageAttributes) {
    (self.page, self.frame, self.size, self.attributes) = (page, frame, size, attributes)
  }

  /// What may be done through the mapping.
  @inlinable
  public var access: Access { attributes.access }
}

/// Where an address leads.
public struct Translation: BitwiseCopyable, Hashable, Sendable {
  /// The physical address of the byte.
  public var address: PhysicalAddress
  /// The mapping that covers it.
  public var mapping: Mapping

  /// Makes a translation of its parts.
  @inlinable
  public init(address: PhysicalAddress, mapping: Mapping) {
    (self.address, self.mapping) = (address, mapping)
  }
}

/// A change that a processor's translation caches do not know of.
///
/// After it, `invlpg` of any address in `mapping` is due on every processor that uses the tables, whatever the
/// mapping's size, before its frames are given to somebody else.
public struct PageChange: BitwiseCopyable, Hashable, Sendable {
  /// What happened to a mapping.
  public enum Kind: UInt8, BitwiseCopyable, Hashable, Sendable {
    /// It is gone; the caller may release its frames.
    case removed
    /// It has other attributes or leads to another frame.
    case altered
    /// Smaller pages with the same attributes took its place.
    case split
  }

  /// What happened.
  public var kind: Kind
  /// The mapping before it happened.
  public var mapping: Mapping

  /// Makes a report of its parts.
  @inlinable
  public init(_ kind: Kind, _ mapping: Mapping) { (self.kind, self.mapping) = (kind, mapping) }
}
