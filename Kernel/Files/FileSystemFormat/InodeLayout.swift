/// An inode, 256 bytes, and the values in it.
///
/// ```
/// offset  0  mode            2   kind and permissions, 0 in a free inode
///         2  reserved, zero  2
///         4  links           4   names; a directory has 2 and 1 for each subdirectory
///         8  owner           4
///        12  group           4
///        16  size            8   bytes; of a directory a multiple of 4,096
///        24  accessed        8   seconds since 1970
///        32  modified        8
///        40  changed         8
///        48  accessed        4   nanoseconds
///        52  modified        4
///        56  changed         4
///        60  device/parent   4   of a device its number, of a directory its parent, else 0
///        64  blocks          4   data and indirect blocks held
///        68  references      4   open files, running only: 0 in a clean image
///        72  reserved, zero 12
///        84  direct        160   40 block pointers, 0 for a hole    ┐ of a symbolic link of up to
///       244  indirect        4   a block of 1,024 pointers          ├ 168 bytes the target
///       248  double          4   a block of pointers to such blocks ┘
///       252  reserved, zero  4
/// ```

/// Byte offsets of an inode's fields.
public enum InodeLayout {
  /// Kind and permissions, 2 bytes.
  public static let mode = 0
  /// The number of names, 4 bytes.
  public static let links = 4
  /// The owner, 4 bytes.
  public static let owner = 8
  /// The group, 4 bytes.
  public static let group = 12
  /// The size in bytes, 8 bytes.
  public static let size = 16
  /// Seconds of the last reading, 8 bytes.
  public static let accessed = 24
  /// Seconds of the last writing, 8 bytes.
  public static let modified = 32
  /// Seconds of the last change of the inode, 8 bytes.
  public static let changed = 40
  /// Nanoseconds of the last reading, 4 bytes.
  public static let accessedNanoseconds = 48
  /// Nanoseconds of the last writing, 4 bytes.
  public static let modifiedNanoseconds = 52
  /// Nanoseconds of the last change of the inode, 4 bytes.
  public static let changedNanoseconds = 56
  /// A device's number or a directory's parent, 4 bytes.
  public static let device = 60
  /// Blocks held, 4 bytes.
  public static let blocks = 64
  /// Holders, 4 bytes.
  public static let references = 68
  /// 40 block pointers, or the target of a short symbolic link.
  public static let direct = 84
  /// The pointer to a block of pointers, 4 bytes.
  public static let indirect = 244
  /// The pointer to a block of pointers to blocks of pointers, 4 bytes.
  public static let double = 248
}

/// All that an inode says about a file.
public struct FileStatus: BitwiseCopyable, Hashable, Sendable {
  /// The inode's number.
  public var inode: InodeNumber
  /// Kind and permissions.
  public var mode: FileMode
  /// The kind, known to be valid.
  public var kind: FileKind
  /// The number of names.
  public var linkCount: UInt32
  /// The owner's user number.
  public var owner: UInt32
  /// The owning group's number.
  public var group: UInt32
  /// Bytes.
  public var size: UInt64
  /// When the content was last read.
  public var accessed: Timestamp
  /// When the content last changed.
  public var modified: Timestamp
  /// When the inode last changed.
  public var changed: Timestamp
  /// The device a device node stands for, else 0.
  public var device: DeviceNumber
  /// Blocks of 4,096 bytes held, indirect ones too; holes hold none.
  public var blockCount: UInt32

  /// Reads the inode `inode`, of a known kind, at byte offset `place`.
  ///
  /// The numbers are as they stand there.
  public init(_ inode: InodeNumber, _ kind: FileKind, at place: Int, in store: borrowing BlockStore) {
    self.inode = inode
    self.kind = kind
    mode = store.mode(at: place)
    linkCount = store.linkCount(at: place)
    owner = store.load(at: place + InodeLayout.owner)
    group = store.load(at: place + InodeLayout.group)
    size = store.size(at: place)
    accessed = store.time(at: place, InodeLayout.accessed, InodeLayout.accessedNanoseconds)
    modified = store.time(at: place, InodeLayout.modified, InodeLayout.modifiedNanoseconds)
    changed = store.time(at: place, InodeLayout.changed, InodeLayout.changedNanoseconds)
    device = DeviceNumber(rawValue: kind.isDevice ? store.load(at: place + InodeLayout.device) : 0)
    blockCount = store.load(at: place + InodeLayout.blocks)
  }
}

extension BlockStore {
  /// The mode of the inode at a byte offset.
  @inline(__always)
  public func mode(at place: Int) -> FileMode { FileMode(rawValue: load(at: place + InodeLayout.mode)) }

  /// The size of the inode at a byte offset, in bytes, as it stands there.
  @inline(__always)
  public func size(at place: Int) -> UInt64 { load(at: place + InodeLayout.size) }

  /// The link count of the inode at a byte offset.
  @inline(__always)
  public func linkCount(at place: Int) -> UInt32 { load(at: place + InodeLayout.links) }

  /// One of the three times of the inode at a byte offset; nanoseconds out of range read as 0.
  public func time(at place: Int, _ seconds: Int, _ nanoseconds: Int) -> Timestamp {
    let fraction = load(UInt32.self, at: place + nanoseconds)
    return Timestamp(
      seconds: load(at: place + seconds), nanoseconds: fraction < 1_000_000_000 ? fraction : 0)
  }

  /// Sets one of the three times of the inode at a byte offset.
  public mutating func setTime(_ time: Timestamp, at place: Int, _ seconds: Int, _ nanoseconds: Int) {
    store(time.seconds, at: place + seconds)
    store(time.nanoseconds, at: place + nanoseconds)
  }
}
