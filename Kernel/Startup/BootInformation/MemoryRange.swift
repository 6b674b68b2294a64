/// One stretch of physical memory and what it is for.

import Base

/// What a stretch of physical memory may be used for.
///
/// The raw values order the kinds by strength: where two claims overlap, the stronger one wins, so that no
/// byte that anybody calls reserved, defective or taken is ever handed out as usable.
public enum MemoryKind: UInt8, BitwiseCopyable, Hashable, Comparable, Sendable, CaseIterable {
  /// Ordinary memory, free for the kernel.
  case usable = 0
  /// Holds ACPI tables; free for the kernel once it has read them (ACPI 6.5, 15.4).
  case acpiReclaimable = 1
  /// ACPI firmware keeps state here across sleep; never to be touched.
  case acpiNonVolatile = 2
  /// Devices, firmware, or a kind that the loader did not explain.
  case reserved = 3
  /// Memory in which errors were found.
  case defective = 4
  /// Modules and tables that the boot loader left for the kernel.
  case bootData = 5
  /// The kernel's own image and what it placed before it had an allocator.
  case kernel = 6

  /// The kind that a type number of a Multiboot or E820 map stands for; unknown numbers are reserved.
  ///
  /// Source: Multiboot Specification 2, 3.6.8; ACPI 6.5, table 15.5.
  public init(loaderType: UInt32) {
    switch loaderType {
    case 1: self = .usable
    case 3: self = .acpiReclaimable
    case 4: self = .acpiNonVolatile
    case 5: self = .defective
    default: self = .reserved
    }
  }

  /// A name for tables of memory, in lower case.
  public var name: StaticString {
    switch self {
    case .usable: "usable"
    case .acpiReclaimable: "ACPI tables"
    case .acpiNonVolatile: "ACPI state"
    case .reserved: "reserved"
    case .defective: "defective"
    case .bootData: "boot data"
    case .kernel: "kernel"
    }
  }

  /// Whether `lhs` loses against `rhs` where both claim the same bytes.
  @inlinable
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A stretch of physical memory of one kind.
///
/// - Invariant: `start <= end`, and `end` is at most `MemoryRange.addressLimit`.
public struct MemoryRange: BitwiseCopyable, Hashable, Sendable {
  /// The first byte.
  public internal(set) var start: UInt64
  /// One past the last byte.
  public internal(set) var end: UInt64
  /// What the bytes may be used for.
  public internal(set) var kind: MemoryKind

  /// One past the highest physical address of the architecture: 52 bits.
  ///
  /// Source: Intel SDM volume 3, 4.1.4.
  public static let addressLimit: UInt64 = 1 << 52

  /// Makes a range, or `nil` if it wraps around or leaves the 52 bits of a physical address.
  public init?(base: UInt64, length: UInt64, kind: MemoryKind) {
    let (end, overflow) = base.addingReportingOverflow(length)
    guard !overflow, end <= Self.addressLimit else { return nil }
    self.start = base
    self.end = end
    self.kind = kind
  }

  @usableFromInline
  init(start: UInt64, end: UInt64, kind: MemoryKind) {
    self.start = start
    self.end = end
    self.kind = kind
  }

  /// The length in bytes.
  @inlinable
  public var length: UInt64 { end - start }

  /// The whole frames inside the range: its start rounded up to a page, its end rounded down.
  ///
  /// `nil` if there is none, or none that a `FrameNumber` can name (beyond 16 TiB).
  public var wholeFrames: FrameRange? {
    let first = (start + UInt64(pageSize - 1)) >> UInt64(pageShift)
    let end = min(end >> UInt64(pageShift), UInt64(UInt32.max))
    guard first < end else { return nil }
    return FrameRange(start: FrameNumber(UInt32(first)), count: UInt32(end - first))
  }
}
