/// Flags of the file calls, with the numbers of i386 and x86_64 (asm-generic/fcntl.h; the two agree).

/// How a file is opened, and what `F_GETFL` answers.
public struct OpenFlags: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The bits; the lowest two are the access: 0 read, 1 write, 2 both.
  public let rawValue: UInt32

  /// Makes flags of their bits, whatever they are.
  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// O_WRONLY.
  @inline(__always) public static var writeOnly: Self { Self(rawValue: 1) }
  /// O_RDWR.
  @inline(__always) public static var readWrite: Self { Self(rawValue: 2) }
  /// O_CREAT.
  @inline(__always) public static var create: Self { Self(rawValue: 0o100) }
  /// O_EXCL.
  @inline(__always) public static var exclusive: Self { Self(rawValue: 0o200) }
  /// O_NOCTTY.
  @inline(__always) public static var noControllingTerminal: Self { Self(rawValue: 0o400) }
  /// O_TRUNC.
  @inline(__always) public static var truncate: Self { Self(rawValue: 0o1000) }
  /// O_APPEND.
  @inline(__always) public static var append: Self { Self(rawValue: 0o2000) }
  /// O_NONBLOCK.
  @inline(__always) public static var nonBlocking: Self { Self(rawValue: 0o4000) }
  /// O_DSYNC.
  @inline(__always) public static var dataSync: Self { Self(rawValue: 0o10000) }
  /// FASYNC.
  @inline(__always) public static var async: Self { Self(rawValue: 0o20000) }
  /// O_DIRECT.
  @inline(__always) public static var direct: Self { Self(rawValue: 0o40000) }
  /// O_LARGEFILE.
  @inline(__always) public static var largeFile: Self { Self(rawValue: 0o100000) }
  /// O_DIRECTORY.
  @inline(__always) public static var directory: Self { Self(rawValue: 0o200000) }
  /// O_NOFOLLOW.
  @inline(__always) public static var noFollow: Self { Self(rawValue: 0o400000) }
  /// O_NOATIME.
  @inline(__always) public static var noAccessTime: Self { Self(rawValue: 0o1000000) }
  /// O_CLOEXEC.
  @inline(__always) public static var closeOnExec: Self { Self(rawValue: 0o2000000) }
  /// O_PATH: a place in the tree, not open for its content.
  @inline(__always) public static var path: Self { Self(rawValue: 0o10000000) }
  /// The bit that O_TMPFILE adds to O_DIRECTORY.
  @inline(__always) public static var nameless: Self { Self(rawValue: 0o20000000) }

  /// What `F_SETFL` may change.
  @inline(__always) public static var changeable: Self {
    [.append, .nonBlocking, .async, .direct, .noAccessTime]
  }

  /// Whether the content may be read.
  @inline(__always) public var isReadable: Bool { rawValue & 3 != 1 && !contains(.path) }
  /// Whether the content may be written.
  @inline(__always) public var isWritable: Bool { (1...2).contains(rawValue & 3) && !contains(.path) }
}

/// Flags and numbers of the calls that take a directory's descriptor and a path.
public enum PathFlags {
  /// AT_FDCWD: the working directory.
  public static var workingDirectory: Int32 { -100 }
  /// AT_SYMLINK_NOFOLLOW.
  public static var noFollow: UInt32 { 0x100 }
  /// AT_REMOVEDIR, of unlinkat.
  public static var removeDirectory: UInt32 { 0x200 }
  /// AT_SYMLINK_FOLLOW, of linkat.
  public static var follow: UInt32 { 0x400 }
  /// AT_EMPTY_PATH: the descriptor itself.
  public static var emptyPath: UInt32 { 0x1000 }
  /// RENAME_NOREPLACE.
  public static var renameKeep: UInt32 { 1 }
  /// RENAME_EXCHANGE.
  public static var renameExchange: UInt32 { 2 }
  /// UTIME_NOW, as nanoseconds.
  public static var now: Int { 0x3FFF_FFFF }
  /// UTIME_OMIT, as nanoseconds.
  public static var omit: Int { 0x3FFF_FFFE }
}

/// What `lseek` counts from.
public enum SeekOrigin: UInt32, BitwiseCopyable, Sendable {
  case start = 0
  case current = 1
  case end = 2
  case data = 3
  case hole = 4
}

/// Requests of `fcntl`.
public enum DescriptorRequest: UInt32, BitwiseCopyable, Sendable {
  case duplicate = 0
  case getDescriptorFlags = 1
  case setDescriptorFlags = 2
  case getStatusFlags = 3
  case setStatusFlags = 4
  case getLock = 5
  case setLock = 6
  case setLockWaiting = 7
  case setOwner = 8
  case getOwner = 9
  case getLock64 = 12
  case setLock64 = 13
  case setLock64Waiting = 14
  case duplicateCloseOnExec = 1030
  case setPipeSize = 1031
  case getPipeSize = 1032
}

/// What `poll` asks for and answers (asm-generic/poll.h).
public struct PollEvents: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The bits of `events` and `revents`.
  public let rawValue: UInt16

  /// Makes a set of its bits.
  @inline(__always)
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// POLLIN.
  @inline(__always) public static var input: Self { Self(rawValue: 0x001) }
  /// POLLPRI.
  @inline(__always) public static var priority: Self { Self(rawValue: 0x002) }
  /// POLLOUT.
  @inline(__always) public static var output: Self { Self(rawValue: 0x004) }
  /// POLLERR.
  @inline(__always) public static var error: Self { Self(rawValue: 0x008) }
  /// POLLHUP.
  @inline(__always) public static var hangUp: Self { Self(rawValue: 0x010) }
  /// POLLNVAL.
  @inline(__always) public static var invalid: Self { Self(rawValue: 0x020) }
  /// POLLRDNORM.
  @inline(__always) public static var normalInput: Self { Self(rawValue: 0x040) }
  /// POLLWRNORM.
  @inline(__always) public static var normalOutput: Self { Self(rawValue: 0x100) }
  /// Answered whether asked for or not.
  @inline(__always) public static var always: Self { [.error, .hangUp, .invalid] }
}
