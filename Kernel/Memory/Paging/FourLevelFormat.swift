/// Paging of long mode.

import Base

/// Four levels of 512 entries of 64 bits, with pages of 4 KiB, 2 MiB and, on some processors, 1 GiB.
///
/// Intel SDM volume 3, 4.5; AMD APM volume 2, 5.3. Nested paging of AMD SVM in long mode uses it too, with every
/// page a user page.
///
///     63..48       47..39  38..30  29..21  20..12  11..0
///     as bit 47    level 4 level 3 level 2 level 1 offset
public struct FourLevelFormat: PageTableFormat {
  /// Bit 63 if execute permissions are used, otherwise 0.
  public let noExecuteBit: UInt64
  /// 3 with 1 GiB pages, otherwise 2.
  public let largestLeafLevel: Int

  /// Configures the format.
  ///
  /// - Parameters:
  ///   - noExecute: whether EFER.NXE is set. Without it bit 63 is reserved.
  ///   - gigabytePages: whether CPUID 0x80000001 EDX bit 26 says so.
  public init(noExecute: Bool, gigabytePages: Bool) {
    noExecuteBit = noExecute ? 1 << 63 : 0
    largestLeafLevel = gigabytePages ? 3 : 2
  }

  /// An entry of the manual's size.
  public typealias Entry = UInt64
  /// Tables that a walk passes.
  @inlinable public static var levelCount: Int { 4 }
  /// Address bits per level.
  @inlinable public static var indexBits: Int { 9 }
  /// Address bits of the root.
  @inlinable public static var topIndexBits: Int { 9 }
  /// Bits of a virtual address.
  @inlinable public static var addressBits: Int { 48 }
  /// Address bits of an entry.
  @inlinable public static var addressMask: UInt64 { 0x0000_0FFF_FFFF_F000 }
  /// Address bits of an entry that the kernel cannot name.
  @inlinable public static var unreachableMask: UInt64 { 0x000F_F000_0000_0000 }
  /// The bits of an entry that name a frame.
  @inlinable @inline(__always)
  public static func bits(of frame: FrameNumber) -> UInt64 { UInt64(frame.rawValue) &<< 12 }
  /// The frame whose bits an entry has.
  @inlinable @inline(__always)
  public static func frame(of entry: UInt64) -> FrameNumber {
    FrameNumber(UInt32(truncatingIfNeeded: (entry & addressMask) &>> 12))
  }
  /// Where pages of 1 GiB are.
  @inlinable public static var highestLeafLevel: Int { 3 }
  /// Whether root entries hold only an address and P.
  @inlinable public static var hasBareTop: Bool { false }
}
