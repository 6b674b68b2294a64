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
  /// Address bits of the root.
  @inlinable public static var topIndexBits: Int { 9 }
  /// Bits of a virtual address.
  @inlinable public static var addressBits: Int { 48 }
  /// Where pages of 1 GiB are.
  @inlinable public static var highestLeafLevel: Int { 3 }
  /// Whether root entries hold only an address and P.
  @inlinable public static var hasBareTop: Bool { false }
}
