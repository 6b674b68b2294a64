/// 32-bit paging with physical-address extension.

import Base

/// Three levels of 64-bit entries, 4 at the top and 512 below, with pages of 4 KiB and 2 MiB.
///
/// Intel SDM volume 3, 4.4.
///
///     31..30  29..21  20..12  11..0
///     level 3 level 2 level 1 offset
///
/// The processor loads the four entries of the top together with `cr3`; there R/W, U/S, A, D and NX are reserved.
public struct PAEFormat: PageTableFormat {
  /// Bit 63 if execute permissions are used, otherwise 0.
  public let noExecuteBit: UInt64

  /// Configures the format.
  ///
  /// - Parameter noExecute: whether EFER.NXE is set. Without it bit 63 is reserved.
  public init(noExecute: Bool) { noExecuteBit = noExecute ? 1 << 63 : 0 }

  /// An entry of the manual's size.
  public typealias Entry = UInt64
  /// Tables that a walk passes.
  @inlinable public static var levelCount: Int { 3 }
  /// Address bits of the root.
  @inlinable public static var topIndexBits: Int { 2 }
  /// Bits of a virtual address.
  @inlinable public static var addressBits: Int { 32 }
  /// Where pages of 2 MiB are.
  @inlinable public static var highestLeafLevel: Int { 2 }
  /// Whether root entries hold only an address and P.
  @inlinable public static var hasBareTop: Bool { true }
  /// Pages of 2 MiB are always there.
  @inlinable public var largestLeafLevel: Int { 2 }
}
