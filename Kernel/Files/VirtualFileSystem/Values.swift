/// What callers of the virtual file system name and get.

import FileSystemFormat
import LinuxABI

/// A file somewhere in the tree: a mount and a number in it.
///
/// It stays the same file only while somebody holds it (`VirtualFileSystem.hold`). Its raw value is what memory
/// regions carry to name the file that they are a view of.
public struct FileNode: BitwiseCopyable, Hashable, Sendable {
  /// The mount in the top eight bits, the number below.
  public let rawValue: UInt64

  /// Makes a node of its raw value.
  @inline(__always)
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  @inline(__always)
  package init(mount: Int, number: UInt64) { rawValue = UInt64(mount) << 56 | number & (1 << 56 - 1) }

  @inline(__always)
  package init(mount: Int, _ inode: InodeNumber) { self.init(mount: mount, number: UInt64(inode.rawValue)) }

  @inline(__always)
  package var mount: Int { Int(rawValue >> 56) }

  @inline(__always)
  package var number: UInt64 { rawValue & (1 << 56 - 1) }

  @inline(__always)
  package var inode: InodeNumber { InodeNumber(UInt32(truncatingIfNeeded: rawValue)) }

  /// Stands for pipes without a name; the number is the pipe's.
  package static var pipeMount: Int { 255 }
}

/// A set of threads that wait for one thing, by a small number.
///
/// The caller has a queue for each number below `VirtualFileSystem.channelCount`: it blocks the thread there when
/// an operation answers `.wait`, and wakes all of it when `nextWakeup` names it. Then the operation is repeated.
public struct WaitChannel: BitwiseCopyable, Hashable, Sendable {
  /// The number.
  public let rawValue: UInt16

  @inline(__always)
  package init(_ number: Int) { rawValue = UInt16(truncatingIfNeeded: number) }
}

/// What came of an operation on an open file.
public enum FileOutcome: BitwiseCopyable, Hashable, Sendable {
  /// It is done; so many bytes.
  case done(Int)
  /// It can't go on now. The caller waits and repeats the call; if `tenths` is not 0, it waits no longer than so
  /// many tenths of a second and then repeats it with `hasTimedOut`.
  case wait(WaitChannel, tenths: UInt8)
  /// The caller's process group gets this signal, and the call is repeated if the process survives.
  case signal(SignalNumber)
  /// The bytes from `position` of this text are wanted; `didRead` follows.
  case text(TextSource, position: UInt64)
  /// The bytes are a command for what this text tells of: the caller obeys or refuses it.
  case command(TextSource)
}

/// What came of opening a file.
public enum OpenOutcome: BitwiseCopyable, Hashable, Sendable {
  /// The descriptor.
  case done(Int32)
  /// A named pipe waits for its other side: the caller waits, then calls `finishOpening`; if it gives up, it
  /// closes the descriptor.
  case wait(Int32, WaitChannel)
}

/// Who calls: the process's numbers in the virtual file system, and what decides about terminals.
public struct FileCaller: BitwiseCopyable, Sendable {
  /// Its table of descriptors, from `makeFiles`.
  public var files: FilesIndex
  /// Its working directory, root and mask, from `makePlace`.
  public var place: PlaceIndex
  /// The process's number, for `/proc/self`.
  public var process: UInt32
  /// The process's group.
  public var group: UInt32
  /// The process's session.
  public var session: UInt32
  /// Whether the process ignores or blocks SIGTTIN, or its group is orphaned.
  public var ignoresInputSignal = false
  /// Whether the process ignores or blocks SIGTTOU.
  public var ignoresOutputSignal = false
  /// One past the highest descriptor that it may get.
  public var descriptorLimit = DescriptorTable.capacity
  /// The time of day.
  public var now: Timestamp

  /// Describes a caller.
  public init(
    files: FilesIndex, place: PlaceIndex, process: UInt32, group: UInt32, session: UInt32, now: Timestamp
  ) {
    self.files = files
    self.place = place
    self.process = process
    self.group = group
    self.session = session
    self.now = now
  }
}

/// A table of descriptors.
public struct FilesIndex: BitwiseCopyable, Hashable, Sendable {
  package let rawValue: UInt16
}

/// A working directory, a root and a mask.
public struct PlaceIndex: BitwiseCopyable, Hashable, Sendable {
  package let rawValue: UInt16
}

/// How large the tables of a virtual file system are.
public struct FileLimits: BitwiseCopyable, Sendable {
  /// Open descriptions in all processes together.
  public var openFiles = 1_024
  /// Pipes, named ones too while they are open.
  public var pipes = 128
  /// Tables of descriptors: processes that don't share one.
  public var tables = 256
  /// Working directories: processes that don't share one.
  public var places = 256
  /// Processes that `/proc` shows.
  public var processes = 512
  /// Pages for descriptors (one a table), pipes (up to 16 each) and terminals (four each).
  public var pages = 768

  /// The usual limits.
  public init() {}
}

/// A text that the kernel writes when it is read.
public struct TextSource: BitwiseCopyable, Hashable, Sendable {
  /// Which one.
  public var entry: ProcessEntry
  /// The process it is about, or 0.
  public var process: UInt32

  /// Names a text.
  public init(entry: ProcessEntry, process: UInt32) {
    self.entry = entry
    self.process = process
  }
}
