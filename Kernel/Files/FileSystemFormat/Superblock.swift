/// The first block of an image: what it is, how large, and whether it was put away in order.
///
/// ```
/// offset  0  magic "APUSFS\r\n"            8 bytes
///         8  version                       4      this text describes version 1
///        12  block count                   4
///        16  inode count                   4
///        20  state                         4      1 clean, 2 mounted
///        24  mounts so far                 4
///        28  free blocks when last clean   4
///        32  free inodes when last clean   4
///        36  reserved, zero                4
///        40  time of creation              8      seconds since 1970
///        48  label                        32      UTF-8, zero-padded
///        80  zero                       4012
///      4092  checksum                      4      CRC-32 of the 4,092 bytes before
/// ```
///
/// The counts of free blocks and inodes are for tools that only look; a mount counts the bitmaps.

import Checksum

/// Whether the image was put away in order.
public enum FileSystemState: UInt32, BitwiseCopyable, Hashable, Sendable {
  /// Unmounted: counts are right, nothing is held open.
  case clean = 1
  /// Mounted for writing, or not unmounted since.
  case mounted = 2
}

/// The content of a superblock, checked.
public struct Superblock: BitwiseCopyable, Sendable {
  /// The places of the regions.
  public var geometry: Geometry
  /// Whether the image was put away in order.
  public var state: FileSystemState
  /// How often the image was mounted for writing.
  public var mountCount: UInt32
  /// Free blocks when the image was last clean.
  public var freeBlocks: UInt32
  /// Free inodes when the image was last clean.
  public var freeInodes: UInt32
  /// When the image was made, in seconds since 1970.
  public var created: Int64

  /// The first eight bytes of an image; the line end shows a transfer that changed line ends.
  public static let magic: UInt64 = 0x0A0D_5346_5355_5041
  /// The version this source reads and writes.
  public static let version: UInt32 = 1
  static let checksumOffset = FileSystemLimits.blockSize - 4
  /// The byte offset and the length of the label.
  public static let labelOffset = 48
  /// Bytes of the label.
  public static let labelLength = 32

  /// Makes the superblock of a new image.
  public init(geometry: Geometry, freeBlocks: UInt32, freeInodes: UInt32, created: Int64) {
    self.geometry = geometry
    self.freeBlocks = freeBlocks
    self.freeInodes = freeInodes
    self.created = created
    state = .clean
    mountCount = 0
  }

  /// Reads the superblock of an image and checks all of it.
  ///
  /// - Parameter ignoringChecksum: for the checker, which goes on to find what else is wrong.
  /// - Throws: `.corrupt` with what is wrong.
  public init(of store: borrowing BlockStore, ignoringChecksum: Bool = false) throws(FileSystemError) {
    guard store.byteCount >= FileSystemLimits.blockSize else { throw .corrupt(.tooSmall) }
    guard store.load(UInt64.self, at: 0) == Self.magic else { throw .corrupt(.badMagic) }
    guard store.load(UInt32.self, at: 8) == Self.version else { throw .corrupt(.unknownVersion) }
    guard ignoringChecksum || Self.hasRightChecksum(store) else { throw .corrupt(.badChecksum) }
    let blockCount = store.load(UInt32.self, at: 12)
    let inodeCount = store.load(UInt32.self, at: 16)
    guard let geometry = Geometry(blockCount: blockCount, inodeCount: inodeCount) else {
      throw .corrupt(.badGeometry)
    }
    guard geometry.byteCount <= UInt64(store.byteCount) else { throw .corrupt(.tooSmall) }
    guard let state = FileSystemState(rawValue: store.load(at: 20)) else { throw .corrupt(.badState) }
    self.geometry = geometry
    self.state = state
    mountCount = store.load(at: 24)
    freeBlocks = store.load(at: 28)
    freeInodes = store.load(at: 32)
    created = store.load(at: 40)
  }

  /// Writes the superblock with its checksum, and leaves the label as it is.
  public func write(to store: inout BlockStore) {
    store.store(Self.magic, at: 0)
    store.store(Self.version, at: 8)
    store.store(geometry.blockCount, at: 12)
    store.store(geometry.inodeCount, at: 16)
    store.store(state.rawValue, at: 20)
    store.store(mountCount, at: 24)
    store.store(freeBlocks, at: 28)
    store.store(freeInodes, at: 32)
    store.store(UInt32(0), at: 36)
    store.store(created, at: 40)
    store.store(Self.checksum(of: store), at: Self.checksumOffset)
  }

  /// Whether the stored checksum is that of the bytes before it.
  public static func hasRightChecksum(_ store: borrowing BlockStore) -> Bool {
    store.load(UInt32.self, at: checksumOffset) == checksum(of: store)
  }

  /// CRC-32 (IEEE 802.3) of all bytes before the checksum.
  static func checksum(of store: borrowing BlockStore) -> UInt32 {
    var check = CRC32()
    check.update(store.bytes.extracting(0..<checksumOffset))
    return check.value
  }
}
