/// What the `stat` family answers, and the layouts in which programs read it (asm/stat.h, linux/stat.h).

/// All that is known about a file.
public struct FileInformation: BitwiseCopyable, Hashable, Sendable {
  /// A time; seconds may be negative.
  public struct Time: BitwiseCopyable, Hashable, Sendable {
    /// Whole seconds since the start of 1970.
    public var seconds: Int64
    /// Nanoseconds past that second.
    public var nanoseconds: UInt32
    /// Makes a time.
    public init(seconds: Int64, nanoseconds: UInt32) {
      self.seconds = seconds
      self.nanoseconds = nanoseconds
    }
  }

  /// The file system.
  public var device: UInt32 = 0
  /// The inode's number.
  public var inode: UInt64 = 0
  /// Kind and permissions.
  public var mode: UInt16 = 0
  /// The number of names.
  public var linkCount: UInt32 = 1
  /// The owner.
  public var owner: UInt32 = 0
  /// The group.
  public var group: UInt32 = 0
  /// The major number of a device node.
  public var deviceMajor: UInt32 = 0
  /// The minor number of a device node.
  public var deviceMinor: UInt32 = 0
  /// Bytes.
  public var size: UInt64 = 0
  /// The best size of a read.
  public var blockSize: UInt32 = 4096
  /// Units of 512 bytes held.
  public var blocks: UInt64 = 0
  /// When the content was last read.
  public var accessed = Time(seconds: 0, nanoseconds: 0)
  /// When the content last changed.
  public var modified = Time(seconds: 0, nanoseconds: 0)
  /// When the inode last changed.
  public var changed = Time(seconds: 0, nanoseconds: 0)

  /// An empty record.
  public init() {}

  /// The number of the device node as `st_rdev` has it: 12 bits of major among 20 of minor.
  public var deviceNumber: UInt64 {
    UInt64(deviceMinor & 0xFF | (deviceMajor & 0xFFF) << 8) | UInt64(deviceMinor & 0xFFF00) << 12
  }

  // MARK: - Layouts

  /// Bytes of x86_64's `struct stat`.
  public static var statSize: Int { 144 }
  /// Bytes of i386's `struct stat64`.
  public static var stat64Size: Int { 96 }
  /// Bytes of i386's `struct stat`.
  public static var oldStatSize: Int { 64 }
  /// Bytes of `struct statx`.
  public static var statxSize: Int { 256 }

  /// Writes x86_64's `struct stat`.
  @export(interface)
  public func writeStat(to bytes: inout MutableSpan<UInt8>) {
    for index in 0..<Self.statSize { bytes[index] = 0 }
    bytes.put(UInt64(device), count: 8, at: 0)
    bytes.put(inode, count: 8, at: 8)
    bytes.put(UInt64(linkCount), count: 8, at: 16)
    bytes.put(UInt64(mode), count: 4, at: 24)
    bytes.put(UInt64(owner), count: 4, at: 28)
    bytes.put(UInt64(group), count: 4, at: 32)
    bytes.put(deviceNumber, count: 8, at: 40)
    bytes.put(size, count: 8, at: 48)
    bytes.put(UInt64(blockSize), count: 8, at: 56)
    bytes.put(blocks, count: 8, at: 64)
    put(accessed, to: &bytes, at: 72, wordSize: 8)
    put(modified, to: &bytes, at: 88, wordSize: 8)
    put(changed, to: &bytes, at: 104, wordSize: 8)
  }

  /// Writes i386's `struct stat64`.
  @export(interface)
  public func writeStat64(to bytes: inout MutableSpan<UInt8>) {
    for index in 0..<Self.stat64Size { bytes[index] = 0 }
    bytes.put(UInt64(device), count: 8, at: 0)
    bytes.put(inode, count: 4, at: 12)
    bytes.put(UInt64(mode), count: 4, at: 16)
    bytes.put(UInt64(linkCount), count: 4, at: 20)
    bytes.put(UInt64(owner), count: 4, at: 24)
    bytes.put(UInt64(group), count: 4, at: 28)
    bytes.put(deviceNumber, count: 8, at: 32)
    bytes.put(size, count: 8, at: 44)
    bytes.put(UInt64(blockSize), count: 4, at: 52)
    bytes.put(blocks, count: 8, at: 56)
    put(accessed, to: &bytes, at: 64, wordSize: 4)
    put(modified, to: &bytes, at: 72, wordSize: 4)
    put(changed, to: &bytes, at: 80, wordSize: 4)
    bytes.put(inode, count: 8, at: 88)
  }

  /// Writes i386's `struct stat`, or refuses a size that has no room in it.
  @export(interface)
  public func writeOldStat(to bytes: inout MutableSpan<UInt8>) throws(ErrorNumber) {
    guard size <= UInt64(Int32.max) else { throw .overflow }
    for index in 0..<Self.oldStatSize { bytes[index] = 0 }
    bytes.put(UInt64(device), count: 4, at: 0)
    bytes.put(inode, count: 4, at: 4)
    bytes.put(UInt64(mode), count: 2, at: 8)
    bytes.put(UInt64(min(linkCount, 0xFFFF)), count: 2, at: 10)
    bytes.put(UInt64(min(owner, 0xFFFE)), count: 2, at: 12)
    bytes.put(UInt64(min(group, 0xFFFE)), count: 2, at: 14)
    bytes.put(deviceNumber, count: 4, at: 16)
    bytes.put(size, count: 4, at: 20)
    bytes.put(UInt64(blockSize), count: 4, at: 24)
    bytes.put(blocks, count: 4, at: 28)
    put(accessed, to: &bytes, at: 32, wordSize: 4)
    put(modified, to: &bytes, at: 40, wordSize: 4)
    put(changed, to: &bytes, at: 48, wordSize: 4)
  }

  /// Writes `struct statx` with the basic fields.
  @export(interface)
  public func writeStatx(to bytes: inout MutableSpan<UInt8>) {
    for index in 0..<Self.statxSize { bytes[index] = 0 }
    bytes.put(0x7FF, count: 4, at: 0)  // STATX_BASIC_STATS
    bytes.put(UInt64(blockSize), count: 4, at: 4)
    bytes.put(UInt64(linkCount), count: 4, at: 16)
    bytes.put(UInt64(owner), count: 4, at: 20)
    bytes.put(UInt64(group), count: 4, at: 24)
    bytes.put(UInt64(mode), count: 2, at: 28)
    bytes.put(inode, count: 8, at: 32)
    bytes.put(size, count: 8, at: 40)
    bytes.put(blocks, count: 8, at: 48)
    putExtended(accessed, to: &bytes, at: 64)
    putExtended(changed, to: &bytes, at: 96)
    putExtended(modified, to: &bytes, at: 112)
    bytes.put(UInt64(deviceMajor), count: 4, at: 128)
    bytes.put(UInt64(deviceMinor), count: 4, at: 132)
    bytes.put(UInt64(device >> 8 & 0xFFF), count: 4, at: 136)
    bytes.put(UInt64(device & 0xFF), count: 4, at: 140)
  }

  private func put(_ time: Time, to bytes: inout MutableSpan<UInt8>, at offset: Int, wordSize: Int) {
    bytes.put(UInt64(bitPattern: time.seconds), count: wordSize, at: offset)
    bytes.put(UInt64(time.nanoseconds), count: wordSize, at: offset + wordSize)
  }

  private func putExtended(_ time: Time, to bytes: inout MutableSpan<UInt8>, at offset: Int) {
    bytes.put(UInt64(bitPattern: time.seconds), count: 8, at: offset)
    bytes.put(UInt64(time.nanoseconds), count: 4, at: offset + 8)
  }
}

/// What the `statfs` family answers.
public struct FileSystemInformation: BitwiseCopyable, Hashable, Sendable {
  /// The magic number of the file system's kind.
  public var kind: UInt32
  /// Bytes in a block.
  public var blockSize: UInt32 = 4096
  /// Blocks in all.
  public var blocks: UInt64 = 0
  /// Blocks that are free.
  public var freeBlocks: UInt64 = 0
  /// Inodes in all.
  public var files: UInt64 = 0
  /// Inodes that are free.
  public var freeFiles: UInt64 = 0
  /// The mount's number.
  public var identifier: UInt32 = 0
  /// ST_RDONLY 1, ST_VALID 0x20.
  public var flags: UInt32 = 0x20

  /// Makes a record.
  public init(kind: UInt32) { self.kind = kind }

  /// Bytes of x86_64's `struct statfs`.
  public static var statfsSize: Int { 120 }
  /// Bytes of i386's `struct statfs`.
  public static var oldStatfsSize: Int { 64 }
  /// Bytes of i386's `struct statfs64`.
  public static var statfs64Size: Int { 84 }

  /// Writes x86_64's `struct statfs`, or i386's of the same form with words of four bytes.
  @export(interface)
  public func writeStatfs(to bytes: inout MutableSpan<UInt8>, for abi: ProgramABI) {
    let word = abi.wordSize
    for index in 0..<(abi == .i386 ? Self.oldStatfsSize : Self.statfsSize) { bytes[index] = 0 }
    bytes.put(UInt64(kind), count: word, at: 0)
    bytes.put(UInt64(blockSize), count: word, at: word)
    bytes.put(blocks, count: word, at: 2 * word)
    bytes.put(freeBlocks, count: word, at: 3 * word)
    bytes.put(freeBlocks, count: word, at: 4 * word)
    bytes.put(files, count: word, at: 5 * word)
    bytes.put(freeFiles, count: word, at: 6 * word)
    bytes.put(UInt64(identifier), count: 4, at: 7 * word)
    bytes.put(255, count: word, at: 7 * word + 8)
    bytes.put(UInt64(blockSize), count: word, at: 8 * word + 8)
    bytes.put(UInt64(flags), count: word, at: 9 * word + 8)
  }

  /// Writes i386's `struct statfs64`.
  @export(interface)
  public func writeStatfs64(to bytes: inout MutableSpan<UInt8>) {
    for index in 0..<Self.statfs64Size { bytes[index] = 0 }
    bytes.put(UInt64(kind), count: 4, at: 0)
    bytes.put(UInt64(blockSize), count: 4, at: 4)
    bytes.put(blocks, count: 8, at: 8)
    bytes.put(freeBlocks, count: 8, at: 16)
    bytes.put(freeBlocks, count: 8, at: 24)
    bytes.put(files, count: 8, at: 32)
    bytes.put(freeFiles, count: 8, at: 40)
    bytes.put(UInt64(identifier), count: 4, at: 48)
    bytes.put(255, count: 4, at: 56)
    bytes.put(UInt64(blockSize), count: 4, at: 60)
    bytes.put(UInt64(flags), count: 4, at: 64)
  }
}
