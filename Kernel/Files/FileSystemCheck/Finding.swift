/// What the checker can find in an image.

import FileSystemFormat

/// One kind of inconsistency.
public enum FindingKind: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  /// The superblock cannot be used; nothing else was looked at. `value` is the `Corruption`'s raw value.
  case superblock
  /// The checksum of the superblock is not that of its bytes.
  case checksum
  /// The count of free blocks of a clean image. `value` is what the image says, `expected` what it has.
  case freeBlockCount
  /// The count of free inodes of a clean image.
  case freeInodeCount
  /// The root is not a directory, or not its own parent.
  case root
  /// An inode that the bitmap calls free has content. `inode` names it.
  case contentInFreeInode
  /// An inode in use has a kind that is not known. `value` is its mode.
  case mode
  /// A size that is impossible for the kind. `value` is the size.
  case size
  /// Nanoseconds of a second or more.
  case time
  /// A reserved field, or a device number or parent of a kind that has none, is not zero.
  case reserved
  /// An open-file count in a clean image.
  case references
  /// A pointer that names no data block. `value` is the pointer.
  case pointer
  /// A block that two pointers name. `value` is the block.
  case doubleUse
  /// A block past the end of its file. `value` is the index in the file.
  case blockPastEnd
  /// Bytes past the end of a file, in its last block, that are not zero.
  case bytesPastEnd
  /// The number of blocks that an inode says it holds.
  case blockCount
  /// A block of a directory that is missing. `value` is the index.
  case holeInDirectory
  /// A directory record that does not fit in its block. `value` is its position in the directory.
  case record
  /// A name with a slash or a zero byte, or that is `.` or `..`.
  case name
  /// Two entries of a directory with one name.
  case doubleName
  /// So many names that duplicates were not looked for to the end.
  case tooManyNames
  /// An entry that names an inode that is free or does not exist. `value` is the inode.
  case danglingEntry
  /// An entry whose kind is not that of its inode.
  case entryKind
  /// A second entry for a directory.
  case doubleDirectory
  /// A directory whose parent is not the directory it is named in. `value` is what it says.
  case parent
  /// A symbolic link whose target has a zero byte or no block.
  case target
  /// The number of names that an inode says it has.
  case linkCount
  /// An inode in use that no directory names.
  case unreachable
  /// A directory that is named, but only from below itself.
  case cycle
  /// A block that is in use and called free. `value` is the block.
  case usedBlockFree
  /// A block that is free and called in use.
  case freeBlockUsed
  /// A bit past the end of a bitmap that is not set.
  case bitmapEnd

  /// The finding as a phrase.
  public var phrase: StaticString {
    switch self {
    case .superblock: "the superblock cannot be used"
    case .checksum: "the superblock has a wrong checksum"
    case .freeBlockCount: "the superblock has a wrong count of free blocks"
    case .freeInodeCount: "the superblock has a wrong count of free inodes"
    case .root: "the root is no directory of its own"
    case .contentInFreeInode: "a free inode is not empty"
    case .mode: "an inode has an unknown kind"
    case .size: "an inode has an impossible size"
    case .time: "an inode has an impossible time"
    case .reserved: "a field that must be zero is not"
    case .references: "a clean image has an open file"
    case .pointer: "a block pointer is out of range"
    case .doubleUse: "a block is used twice"
    case .blockPastEnd: "a block lies past the end of its file"
    case .bytesPastEnd: "bytes past the end of a file are not zero"
    case .blockCount: "an inode has a wrong count of blocks"
    case .holeInDirectory: "a directory has a hole"
    case .record: "a directory record is malformed"
    case .name: "a name is malformed"
    case .doubleName: "a name occurs twice in a directory"
    case .tooManyNames: "a directory is too large to look for double names"
    case .danglingEntry: "an entry names an inode that is not in use"
    case .entryKind: "an entry has not the kind of its inode"
    case .doubleDirectory: "a directory has two names"
    case .parent: "a directory has a wrong parent"
    case .target: "a symbolic link has an impossible target"
    case .linkCount: "an inode has a wrong link count"
    case .unreachable: "an inode has no name"
    case .cycle: "a directory lies in itself"
    case .usedBlockFree: "a block in use is marked free"
    case .freeBlockUsed: "a free block is marked in use"
    case .bitmapEnd: "a bitmap has a clear bit past its end"
    }
  }
}

/// One inconsistency, and where.
public struct Finding: BitwiseCopyable, Hashable, Sendable {
  /// What is wrong.
  public var kind: FindingKind
  /// The inode it concerns, or 0.
  public var inode: UInt32
  /// What the image says; its meaning depends on the kind.
  public var value: UInt64
  /// What it should say, where that is known, else 0.
  public var expected: UInt64

  /// Makes a finding.
  public init(_ kind: FindingKind, inode: UInt32 = 0, value: UInt64 = 0, expected: UInt64 = 0) {
    self.kind = kind
    self.inode = inode
    self.value = value
    self.expected = expected
  }
}

/// Where findings go.
public protocol FindingSink: ~Copyable {
  /// Takes one finding.
  mutating func found(_ finding: Finding)
}

/// What a check saw on its way.
public struct CheckSummary: BitwiseCopyable, Hashable, Sendable {
  /// Findings.
  public var findings = 0
  /// Inodes in use.
  public var inodes: UInt32 = 0
  /// Directories among them.
  public var directories: UInt32 = 0
  /// Data and indirect blocks in use.
  public var blocks: UInt32 = 0

  /// Whether nothing is wrong.
  public var isConsistent: Bool { findings == 0 }
}
