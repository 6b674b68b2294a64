/// Where things lie in an image. Everything follows from two numbers, so an image can claim no third.
///
/// ```
/// block 0      1                                                            blockCount
/// ┌───────────┬──────────────┬──────────────┬──────────────┬─────────────────┐
/// │ superblock│ inode bitmap │ block bitmap │ inode table  │ data            │
/// └───────────┴──────────────┴──────────────┴──────────────┴─────────────────┘
/// ```

/// Sizes that the format fixes.
public enum FileSystemLimits {
  /// Bytes in a block: a page, so that a file's block can be mapped into a program as it lies.
  public static let blockSize = 4096
  /// Bytes in an inode.
  public static let inodeSize = 256
  /// Inodes in a block of the inode table.
  public static let inodesPerBlock = 16
  /// Bits in a bitmap block.
  public static let bitsPerBlock: UInt32 = 32_768
  /// Block pointers in the inode itself.
  public static let directCount: UInt32 = 40
  /// Block pointers in an indirect block.
  public static let pointersPerBlock: UInt32 = 1_024
  /// Blocks that one inode can reach: direct, one indirect and one double indirect block.
  public static let maximumFileBlocks: UInt32 = 40 + 1_024 + 1_024 * 1_024
  /// Bytes in the largest file: 4 GiB + 4 MiB + 160 KiB.
  public static let maximumFileSize = UInt64(maximumFileBlocks) * 4096
  /// Bytes in the longest name.
  public static let maximumNameLength = 255
  /// Bytes in the longest path or symbolic link, without a terminator.
  public static let maximumPathLength = 4_095
  /// Bytes of a symbolic link's target that fit into the inode, where block pointers would be.
  public static let inlineTargetLength = 168
  /// Names that one file can have, and subdirectories a directory.
  public static let maximumLinkCount: UInt32 = 65_000
  /// Symbolic links followed in one path.
  public static let maximumSymbolicLinks = 40
}

/// The places of an image's regions, in blocks.
///
/// - Invariant: the regions lie in the order of the drawing, without gaps, and `dataStart < blockCount`.
public struct Geometry: BitwiseCopyable, Hashable, Sendable {
  /// Blocks in the image.
  public let blockCount: UInt32
  /// Inodes in the table, numbered from 1.
  public let inodeCount: UInt32
  /// The first block of the block bitmap.
  public let blockBitmapStart: UInt32
  /// The first block of the inode table.
  public let inodeTableStart: UInt32
  /// The first data block.
  public let dataStart: UInt32

  /// The first block of the inode bitmap.
  public static let inodeBitmapStart: UInt32 = 1

  /// The geometry of an image, or `nil` when the numbers are impossible: fewer than 16 or more than 2^27
  /// inodes, a number of inodes that is no multiple of 16, or no room for a data block.
  public init?(blockCount: UInt32, inodeCount: UInt32) {
    guard blockCount >= 5, blockCount <= 1 << 30 else { return nil }
    guard inodeCount >= 16, inodeCount <= 1 << 27, inodeCount % 16 == 0 else { return nil }
    let bits = FileSystemLimits.bitsPerBlock
    self.blockCount = blockCount
    self.inodeCount = inodeCount
    blockBitmapStart = Self.inodeBitmapStart + (inodeCount + bits - 1) / bits
    inodeTableStart = blockBitmapStart + (blockCount + bits - 1) / bits
    dataStart = inodeTableStart + inodeCount / UInt32(FileSystemLimits.inodesPerBlock)
    guard dataStart < blockCount else { return nil }
  }

  /// Bytes in the image.
  public var byteCount: UInt64 { UInt64(blockCount) * UInt64(FileSystemLimits.blockSize) }

  /// Data blocks in the image.
  public var dataBlockCount: UInt32 { blockCount - dataStart }

  /// Whether `block` may be pointed to by an inode.
  @inline(__always)
  public func isData(_ block: UInt32) -> Bool { block >= dataStart && block < blockCount }

  /// The byte offset of a block that lies in the image.
  @inline(__always)
  public func offset(ofBlock block: UInt32) -> Int { Int(block) * FileSystemLimits.blockSize }

  /// The byte offset of an inode, or `nil` if there is none of that number.
  @inline(__always)
  public func offset(of inode: InodeNumber) -> Int? {
    guard inode.rawValue >= 1, inode.rawValue <= inodeCount else { return nil }
    return offset(ofBlock: inodeTableStart) + Int(inode.rawValue - 1) * FileSystemLimits.inodeSize
  }
}
