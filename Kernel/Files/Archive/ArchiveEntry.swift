/// One file, folder or other thing in an archive.

/// The header of an entry, decoded and checked, and where its name and data lie.
///
/// - Invariant: both ranges lie within the archive that the entry was read from.
public struct ArchiveEntry: Equatable, Sendable {
  /// What an entry is.
  public enum Kind: UInt32, BitwiseCopyable, Sendable {
    /// A named pipe, without data.
    case pipe = 0o010000
    /// A character device; see `deviceMajor` and `deviceMinor`.
    case characterDevice = 0o020000
    /// A folder, without data.
    case directory = 0o040000
    /// A block device; see `deviceMajor` and `deviceMinor`.
    case blockDevice = 0o060000
    /// A file; its data is its content.
    case file = 0o100000
    /// A symbolic link; its data is its target.
    case symbolicLink = 0o120000
    /// A socket, without data.
    case socket = 0o140000
  }

  /// What the entry is.
  public var kind: Kind
  /// The permissions with set-user-ID, set-group-ID and sticky bits: the low 12 bits of the mode.
  public var permissions: UInt16
  /// The number of the file in the system it was archived on: equal for hard links of one file.
  public var inode: UInt32
  /// The user that owns it.
  public var userID: UInt32
  /// The group that owns it.
  public var groupID: UInt32
  /// The number of hard links.
  ///
  /// All but the last of them in an archive may come without data.
  public var linkCount: UInt32
  /// The time of the last change, in seconds since 1970.
  public var modificationTime: UInt32
  /// The device number of a device entry, its major part.
  public var deviceMajor: UInt32
  /// The device number of a device entry, its minor part.
  public var deviceMinor: UInt32
  /// Where the name lies in the archive, without its terminating zero.
  public var name: Range<Int>
  /// Where the data lies in the archive.
  public var data: Range<Int>

  /// The number of bytes of data.
  public var size: Int { data.count }
}
