/// The kind and permissions of a file, in the bits that Linux and the cpio and tar formats use.

/// What kind of file an inode is.
public enum FileKind: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  case pipe = 1
  case characterDevice = 2
  case directory = 4
  case blockDevice = 6
  case regular = 8
  case symbolicLink = 10
  case socket = 12

  // The raw values are the top four bits of `st_mode`, which are `d_type` in getdents64 too.

  /// Whether an inode of this kind names a device.
  public var isDevice: Bool { self == .characterDevice || self == .blockDevice }
}

/// The sixteen bits of `st_mode`: kind, set-id and sticky bits, and permissions.
public struct FileMode: BitwiseCopyable, Hashable, Sendable {
  /// The bits, as in Linux's `st_mode`.
  public var rawValue: UInt16

  /// Makes a mode of its bits, whatever they are.
  @inline(__always)
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Makes a mode of a kind and the low twelve bits of `permissions`.
  @inline(__always)
  public init(_ kind: FileKind, _ permissions: UInt16) {
    rawValue = UInt16(kind.rawValue) << 12 | permissions & 0o7777
  }

  /// The kind, or `nil` if the top four bits are none that is known.
  @inline(__always)
  public var kind: FileKind? { FileKind(rawValue: UInt8(truncatingIfNeeded: rawValue >> 12)) }

  /// The set-id, sticky and permission bits, 0 to 0o7777.
  @inline(__always)
  public var permissions: UInt16 { rawValue & 0o7777 }

  /// The sticky bit: in such a directory only owners remove.
  public var isSticky: Bool { rawValue & 0o1000 != 0 }
}

/// A time as seconds and nanoseconds since 1970 in UTC, before 1970 negative.
public struct Timestamp: BitwiseCopyable, Hashable, Comparable, Sendable {
  /// Whole seconds since the start of 1970.
  public var seconds: Int64
  /// Nanoseconds past that second, 0 to 999,999,999.
  public var nanoseconds: UInt32

  /// Makes a time.
  public init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// Whether `lhs` is earlier.
  public static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.seconds != rhs.seconds ? lhs.seconds < rhs.seconds : lhs.nanoseconds < rhs.nanoseconds
  }
}

/// A device's number: Linux's major and minor.
public struct DeviceNumber: BitwiseCopyable, Hashable, Sendable {
  /// 12 bits of major above 20 bits of minor.
  public var rawValue: UInt32

  /// Makes a number of its packed form.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Makes a number of the low 12 bits of `major` and the low 20 of `minor`.
  public init(major: UInt32, minor: UInt32) { rawValue = (major & 0xFFF) << 20 | minor & 0xF_FFFF }

  /// The driver, 0 to 4,095.
  public var major: UInt32 { rawValue >> 20 }
  /// The device of that driver, 0 to 1,048,575.
  public var minor: UInt32 { rawValue & 0xF_FFFF }
}

/// The number of an inode, from 1; 0 stands for none on disk and is never a valid number.
public struct InodeNumber: BitwiseCopyable, Hashable, Sendable {
  /// The number.
  public var rawValue: UInt32

  /// Makes a number.
  @inline(__always)
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// The root directory of every image.
  public static let root = InodeNumber(1)
}
