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
  /// Looks through every shadow for a page below the host's part whose frame is not the guest's.
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
      let found = root.table.firstMapping(
        from: VirtualAddress(0), through: VirtualAddress(UInt(GuestData.switcherAddress) - 1), in: memory
      ) { mapping in
        mapping.size != .base || isForeign(mapping.frame)
      }
      if let found {
        return ShadowViolation(
          address: UInt32(truncatingIfNeeded: found.page.rawValue), frame: found.frame)
      }
    }
    return nil
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
