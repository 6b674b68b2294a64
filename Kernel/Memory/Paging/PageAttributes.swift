/// What a page table entry says about a page, apart from where it is.

import Base

/// How the processor may cache a page: PWT and PCD.
///
/// They select entries 0 to 3 of the page attribute table, here as it is after reset (Intel SDM volume 3, 12.12.4). The table's upper half, and with it the PAT bit, is left out: a
/// kernel that wants write-combining can put it into entry 1.
public enum Caching: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// Ordinary memory.
  case writeBack = 0
  /// Reads are cached, writes go to memory at once.
  case writeThrough = 1
  /// Not cached, unless a range register says write-combining.
  case uncachedUnlessCombining = 2
  /// Not cached: registers of devices.
  case uncached = 3
}

/// The permissions, caching and marks of a mapped page.
///
/// A mapped page can be read: no x86 entry says otherwise. To forbid everything, unmap.
///
/// Inside, each mark stands at its bit of a page table entry, so that encoding is one mask:
///
///     11..9     8       6      5         4..3     2     1      0
///     software  global  dirty  accessed  caching  user  write  execute (in entries: present)
public struct PageAttributes: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline var bits: UInt16

  @inlinable @inline(__always)
  init(bits: UInt16) { self.bits = bits }

  /// Makes the attributes of a page that has not been used yet.
  ///
  /// - Parameters:
  ///   - access: what may be done; must contain `read`.
  ///   - isUser: whether ring 3 may do it too.
  ///   - isGlobal: whether a translation outlives a change of address space (CR4.PGE).
  ///   - caching: how it may be cached.
  ///   - software: three bits, 0 to 7, that the processor ignores: bits 9 to 11 of the entry.
  @inlinable
  public init(
    _ access: Access, isUser: Bool = false, isGlobal: Bool = false, caching: Caching = .writeBack,
    software: UInt8 = 0
  ) {
    bits = Self.bits(of: access)
    if isUser { bits |= 1 << 2 }
    if isGlobal { bits |= 1 << 8 }
    bits |= UInt16(caching.rawValue) << 3
    self.software = software
  }

  /// What may be done with the page.
  ///
  /// On a processor without execute permissions every page that is read back from
  /// a table contains `execute`.
  @inlinable
  public var access: Access {
    get {
      Access(rawValue: 1 | UInt8(truncatingIfNeeded: bits & 2) | UInt8(truncatingIfNeeded: bits & 1) << 2)
    }
    set { bits = bits & ~3 | Self.bits(of: newValue) }
  }

  @inlinable @inline(__always)
  static func bits(of access: Access) -> UInt16 {
    precondition(access.contains(.read), "a mapped page can be read; to forbid everything, unmap")
    return UInt16(access.rawValue & 2) | UInt16(access.rawValue >> 2 & 1)
  }

  /// Whether ring 3 has the access too.
  @inlinable
  public var isUser: Bool { bits & 1 << 2 != 0 }

  /// Whether a translation outlives a change of address space.
  @inlinable
  public var isGlobal: Bool { bits & 1 << 8 != 0 }

  /// How the page may be cached.
  @inlinable
  public var caching: Caching {
    switch bits >> 3 & 3 {
    case 0: .writeBack
    case 1: .writeThrough
    case 2: .uncachedUnlessCombining
    default: .uncached
    }
  }

  /// Whether the processor has read or written through the entry since the mark was cleared.
  @inlinable
  public var isAccessed: Bool {
    get { bits & 1 << 5 != 0 }
    set { bits = newValue ? bits | 1 << 5 : bits & ~(1 << 5) }
  }

  /// Whether the processor has written through the entry since the mark was cleared.
  @inlinable
  public var isDirty: Bool {
    get { bits & 1 << 6 != 0 }
    set { bits = newValue ? bits | 1 << 6 : bits & ~(1 << 6) }
  }

  /// Three bits, 0 to 7, for the kernel's own use, such as copy-on-write.
  @inlinable
  public var software: UInt8 {
    get { UInt8(truncatingIfNeeded: bits >> 9 & 7) }
    set {
      precondition(newValue < 8, "an entry has three bits for software")
      bits = bits & ~(7 << 9) | UInt16(newValue) << 9
    }
  }
}
