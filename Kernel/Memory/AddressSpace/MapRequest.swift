/// What a program asks to be mapped.

import Base
import Regions

/// Where a mapping shall be.
public enum Placement: UInt8, BitwiseCopyable, Sendable {
  /// At the address if it is free there, otherwise anywhere.
  case anywhere
  /// Exactly there; what is mapped there goes (MAP_FIXED).
  case fixed
  /// Exactly there, or nowhere (MAP_FIXED_NOREPLACE).
  case fixedIfFree
}

/// A mapping to be made.
public struct MapRequest: BitwiseCopyable, Sendable {
  /// Bytes; rounded up to pages.
  public var byteCount: UInt
  /// Where, or 0.
  public var address: UInt
  /// How much that means.
  public var placement: Placement
  /// What the pages hold and allow.
  public var content: RegionContent
  /// Whether it may be more than the machine has (MAP_NORESERVE).
  public var isUnreserved = false

  /// Makes a request of its parts.
  public init(_ byteCount: UInt, at address: UInt, _ placement: Placement, _ content: RegionContent) {
    (self.byteCount, self.address) = (byteCount, address)
    (self.placement, self.content) = (placement, content)
  }

  /// Makes a request for pages anywhere.
  public init(_ byteCount: UInt, _ content: RegionContent) {
    self.init(byteCount, at: 0, .anywhere, content)
  }
}

extension Access {
  /// What a page grants if this is asked for: who may write or execute may read.
  var granted: Access { isEmpty ? self : union(.read) }
  /// Whether it is more than any page grants.
  var isWritableText: Bool { contains([.write, .execute]) }
}
