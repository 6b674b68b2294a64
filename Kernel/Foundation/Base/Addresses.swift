/// The sizes and addresses that the whole kernel counts in.
///
/// Every address says in its type which space it belongs to, so that a physical address cannot be
/// dereferenced and a page number cannot be taken for a byte count. Arithmetic that could wrap goes
/// through the `…ReportingOverflow` forms where the numbers come from outside.

/// Bytes in a base page of every architecture that the kernel runs on: 4 KiB.
public let pageSize = 4096

/// The base-two logarithm of `pageSize`.
public let pageShift = 12

/// An address in the machine's physical memory, up to 52 bits wide on x86 (Intel SDM volume 3, 4.1.4).
///
/// 64 bits wide on i686 too: with physical-address extension a 32-bit kernel meets addresses above 4 GiB.
public struct PhysicalAddress: BitwiseCopyable, Hashable, Comparable, Sendable {
  /// The address in bytes from the start of physical memory.
  public var rawValue: UInt64

  /// Makes an address of its distance in bytes from the start of physical memory.
  @inlinable @inline(__always)
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// The address of the first byte of a frame.
  @inlinable @inline(__always)
  public init(startOf frame: FrameNumber) { rawValue = UInt64(frame.rawValue) << UInt64(pageShift) }

  /// Whether `lhs` lies below `rhs`.
  @inlinable @inline(__always)
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

  /// The address `bytes` further up, or `nil` if it would wrap around.
  @inlinable @inline(__always)
  public func advanced(byChecked bytes: UInt64) -> Self? {
    let (sum, overflow) = rawValue.addingReportingOverflow(bytes)
    return overflow ? nil : Self(sum)
  }

  /// Whether the address is the first byte of a page frame.
  @inlinable @inline(__always)
  public var isPageAligned: Bool { rawValue & UInt64(pageSize - 1) == 0 }
}

/// An address in a virtual address space, as wide as a pointer of the kernel that uses it.
public struct VirtualAddress: BitwiseCopyable, Hashable, Comparable, Sendable {
  /// The address as a number.
  public var rawValue: UInt

  /// Makes an address of its number.
  @inlinable @inline(__always)
  public init(_ rawValue: UInt) { self.rawValue = rawValue }

  /// Whether `lhs` lies below `rhs`.
  @inlinable @inline(__always)
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

  /// The address `bytes` further up; wrapping around is a broken invariant and traps.
  @inlinable @inline(__always)
  public static func + (lhs: Self, bytes: UInt) -> Self { Self(lhs.rawValue + bytes) }

  /// The address `bytes` further up, or `nil` if it would wrap around.
  @inlinable @inline(__always)
  public func advanced(byChecked bytes: UInt) -> Self? {
    let (sum, overflow) = rawValue.addingReportingOverflow(bytes)
    return overflow ? nil : Self(sum)
  }

  /// Whether the address is the first byte of a page.
  @inlinable @inline(__always)
  public var isPageAligned: Bool { rawValue & UInt(pageSize - 1) == 0 }
}

/// The number of a 4 KiB page frame: its physical address divided by the page size.
///
/// 32 bits reach 16 TiB, which is more than any machine this kernel is for.
public struct FrameNumber: BitwiseCopyable, Hashable, Comparable, Sendable {
  /// The index of the frame, counted from physical address 0.
  public var rawValue: UInt32

  /// Makes a frame number of its index.
  @inlinable @inline(__always)
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// The frame that holds `address`, or `nil` above 16 TiB.
  @inlinable @inline(__always)
  public init?(holding address: PhysicalAddress) {
    guard let index = UInt32(exactly: address.rawValue >> UInt64(pageShift)) else { return nil }
    rawValue = index
  }

  /// Whether `lhs` lies below `rhs`.
  @inlinable @inline(__always)
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// What may be done with a page.
public struct Access: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The set as bits: 1 read, 2 write, 4 execute.
  public let rawValue: UInt8

  /// Makes a set of its bits.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Loads are allowed.
  public static let read = Access(rawValue: 1)
  /// Stores are allowed.
  public static let write = Access(rawValue: 2)
  /// Instruction fetches are allowed.
  public static let execute = Access(rawValue: 4)

  /// Constants and unwritable data.
  public static let readOnly: Access = [.read]
  /// Data.
  public static let readWrite: Access = [.read, .write]
  /// Code.
  public static let readExecute: Access = [.read, .execute]
}
