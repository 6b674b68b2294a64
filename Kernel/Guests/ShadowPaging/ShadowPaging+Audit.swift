/// The proof that no guest sees what is not its own.

import Base
import GuestInterface
import Paging

/// A page that a shadow shows and must not.
public struct ShadowViolation: BitwiseCopyable, Hashable, Sendable {
  /// The guest's address.
  public var address: UInt32
  /// The frame behind it.
  public var frame: FrameNumber
}

extension ShadowPaging {
  /// Looks through every shadow for a page below the host's part whose frame is not the guest's, and for a root that
  /// does not share what all are to share.
  ///
  /// - Parameters:
  ///   - memory: the guest's memory.
  ///   - isForeign: whether a frame does not belong to the guest.
  /// - Returns: the first such page, or `nil`.
  public mutating func firstViolation<Memory: ShadowMemory & ~Copyable>(
    in memory: borrowing Memory, isForeign: (FrameNumber) -> Bool
  ) -> ShadowViolation? where Memory.Entry == Format.Entry {
    for index in 0..<Self.rootCount {
      guard let root = roots[index] else { continue }
      guard
        (try? root.table.hasSameTopEntries(
          as: common, Self.sharedPage, pageCount: Self.sharedPageCount, in: memory)) == true
      else { return ShadowViolation(address: Self.sharedAddress, frame: root.table.root) }
      let found = Self.first(of: root.table, from: 0, through: Self.sharedAddress - 1, in: memory, isForeign)
      if let found { return found }
    }
    // What all of them share is looked at once.
    return Self.first(
      of: common, from: Self.sharedAddress, through: GuestData.switcherAddress - 1, in: memory, isForeign)
  }

  private static func first<Memory: ShadowMemory & ~Copyable>(
    of table: PageTable<Format>, from first: UInt32, through last: UInt32, in memory: borrowing Memory,
    _ isForeign: (FrameNumber) -> Bool
  ) -> ShadowViolation? where Memory.Entry == Format.Entry {
    let found = table.firstMapping(
      from: VirtualAddress(UInt(first)), through: VirtualAddress(UInt(last)), in: memory
    ) { mapping in
      mapping.size != .base || isForeign(mapping.frame)
    }
    return found.map {
      ShadowViolation(address: UInt32(truncatingIfNeeded: $0.page.rawValue), frame: $0.frame)
    }
  }

  /// Looks through the host's part of what guests see, for a page that the guest's programs could use, or that is not
  /// one of the host's for this.
  ///
  /// - Parameter isExpected: whether the host shows a frame at an address, with or without the right to write.
  public mutating func firstViolationOfSwitcher<Memory: ShadowMemory & ~Copyable>(
    in memory: borrowing Memory, isExpected: (VirtualAddress, FrameNumber, Bool) -> Bool
  ) -> ShadowViolation? where Memory.Entry == Format.Entry {
    guard let root = roots[current] else { return nil }
    let found = root.table.firstMapping(
      from: VirtualAddress(UInt(GuestData.switcherAddress)), through: VirtualAddress(0xFFFF_FFFF), in: memory
    ) { mapping in
      mapping.size != .base || mapping.attributes.isUser
        || !isExpected(mapping.page, mapping.frame, mapping.attributes.access.contains(.write))
    }
    return found.map {
      ShadowViolation(address: UInt32(truncatingIfNeeded: $0.page.rawValue), frame: $0.frame)
    }
  }
}
