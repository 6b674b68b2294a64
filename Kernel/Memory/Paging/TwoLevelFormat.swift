/// 32-bit paging.

import Base

/// Two levels of 1024 entries of 32 bits, with pages of 4 KiB and 4 MiB.
///
/// Intel SDM volume 3, 4.3.
///
///     31..22  21..12  11..0
///     level 2 level 1 offset
///
/// There is no execute permission. 4 MiB pages above 4 GiB (PSE-36) are left out: bits 13 to 20 of their entries
/// are written as zero and ignored when read.
public struct TwoLevelFormat: PageTableFormat {
  /// 2 with 4 MiB pages, otherwise 1.
  public let largestLeafLevel: Int

  /// Configures the format.
  ///
  /// - Parameter largePages: whether CR4.PSE is set. Without it the processor ignores the PS bit.
  public init(largePages: Bool = true) { largestLeafLevel = largePages ? 2 : 1 }

  /// An entry of the manual's size.
  public typealias Entry = UInt32
  /// Tables that a walk passes.
  @inlinable public static var levelCount: Int { 2 }
  /// Address bits per level.
  @inlinable public static var indexBits: Int { 10 }
  /// Address bits of the root.
  @inlinable public static var topIndexBits: Int { 10 }
  /// Bits of a virtual address.
  @inlinable public static var addressBits: Int { 32 }
  /// Address bits of an entry.
  @inlinable public static var addressMask: UInt32 { 0xFFFF_F000 }
  /// Address bits of an entry that the kernel cannot name.
  @inlinable public static var unreachableMask: UInt32 { 0 }
  /// The bits of an entry that name a frame.
  @inlinable @inline(__always)
  public static func bits(of frame: FrameNumber) -> UInt32 { frame.rawValue &<< 12 }
  /// The frame whose bits an entry has.
  @inlinable @inline(__always)
  public static func frame(of entry: UInt32) -> FrameNumber {
    FrameNumber(entry &>> 12)
  }
  /// Where pages of 4 MiB are.
  @inlinable public static var highestLeafLevel: Int { 2 }
  /// Whether root entries hold only an address and P.
  @inlinable public static var hasBareTop: Bool { false }
  /// There is none.
  @inlinable public var noExecuteBit: UInt32 { 0 }
}
