/// One tree of files for all processes: what lies where, and who has what.
///
/// ```
/// descriptor ─▶ open description ─▶ node: a file of a mount ─▶ FileSystem (ramdisk, /dev, /tmp)
///  per process   shared by dup, fork │                      └▶ /proc, written when read
///                                    ├▶ pipe ┐ in pages of
///                                    ├▶ terminal ┘ a pool
///                                    └▶ device: null, zero, full, random
/// ```
///
/// It is values and tables in memory that is given once: it allocates nothing, waits for nothing and asks for no
/// time. An operation that would have to wait says on which channel; which channels have something new is asked
/// with `nextWakeup` after each operation. Errors are Linux's numbers. One caller at a time.
///
/// Everybody is the superuser: modes and owners are kept and shown, but refuse nothing.
///
/// This module has mounts, paths, names, what is known of files, places and tables of descriptors, and the tree of
/// `/proc`. It protects that a path leads nowhere but into what is mounted below the caller's root, and that a file that
/// anybody holds stays. What becomes of files that are open, with their pipes, terminals and devices, is `OpenFiles`'s,
/// which extends the same value.

import FileSystem
import FileSystemFormat
import LinuxABI
import Randomness
import Streams

/// The files of a node.
@safe public struct VirtualFileSystem: ~Copyable {
  /// The most mounts.
  public static var mountCapacity: Int { 8 }

  let limits: FileLimits
  package var mounts: InlineArray<8, Mount> = .init(repeating: Mount())
  let disks: UnsafeMutablePointer<FileSystem>
  package let buffers: PathBuffers
  package var openFiles: SlotTable<OpenFile>
  package var pipes: SlotTable<NamedPipe>
  package var tables: SlotTable<DescriptorTable>
  var places: SlotTable<Place>
  package var processes: SlotTable<KnownProcess>
  package var terminals: SlotTable<Terminal>
  package var pool: PagePool
  package var wakeups = WakeupSet()
  /// The process that the walk under way belongs to, for `/proc/self`.
  var walker: UInt32 = 0
  /// Where the walk under way has its root.
  var walkRoot = FileNode(mount: 0, .root)

  /// How many mappings share a file with whoever else has it.
  package var sharedCount = 0
  /// The file that has become shorter since somebody asked, while there were such mappings.
  var lastCut: FileCut?

  /// Where random bytes come from, for devices and `getrandom`.
  public var random = RandomGenerator()

  /// The first contradiction that an operation has met in an image, until somebody takes it; the mount is
  /// read-only since.
  public var corruption: MountCorruption?

  /// Bytes of memory that a virtual file system with `limits` needs.
  public static func byteCount(for limits: FileLimits) -> Int { Layout(limits).byteCount }

  /// Makes a virtual file system without mounts.
  ///
  /// - Safety: `byteCount(for: limits)` bytes at `memory`, aligned to a page, are writable and belong to it alone
  ///   for ever.
  @unsafe @export(interface)
  public init(at memory: UnsafeMutableRawPointer, limits: FileLimits = FileLimits()) {
    let layout = Layout(limits)
    self.limits = limits
    // SAFETY: the layout gives every part its own bytes, and the caller vouches for all of them.
    unsafe disks = (memory + layout.disks).assumingMemoryBound(to: FileSystem.self)
    unsafe buffers = PathBuffers(at: memory + layout.buffers)
    unsafe openFiles = SlotTable(at: memory + layout.openFiles, capacity: limits.openFiles)
    unsafe pipes = SlotTable(at: memory + layout.pipes, capacity: limits.pipes)
    unsafe tables = SlotTable(at: memory + layout.tables, capacity: limits.tables)
    unsafe places = SlotTable(at: memory + layout.places, capacity: limits.places)
    unsafe processes = SlotTable(at: memory + layout.processes, capacity: limits.processes)
    unsafe terminals = SlotTable(at: memory + layout.terminals, capacity: Self.terminalCapacity)
    unsafe pool = PagePool(base: memory + layout.pages, count: limits.pages)
  }

  static var terminalCapacity: Int { 4 }

  // MARK: - Waiting

  /// The number of channels.
  public var channelCount: Int { 2 * (limits.pipes + Self.terminalCapacity) }

  /// A channel that has something new for those who wait there, each once; `nil` when there is none.
  @inline(__always)
  public mutating func nextWakeup() -> WaitChannel? { wakeups.isEmpty ? nil : wakeups.removeFirst() }

  @inline(__always)
  package func readChannel(ofPipe index: Int) -> WaitChannel { WaitChannel(2 * index) }
  @inline(__always)
  package func writeChannel(ofPipe index: Int) -> WaitChannel { WaitChannel(2 * index + 1) }
  package func readChannel(ofTerminal index: Int) -> WaitChannel { WaitChannel(2 * (limits.pipes + index)) }
  package func writeChannel(ofTerminal index: Int) -> WaitChannel {
    WaitChannel(2 * (limits.pipes + index) + 1)
  }
}

/// Where the parts lie in the memory.
private struct Layout {
  var disks = 0
  var buffers = 0
  var openFiles = 0
  var pipes = 0
  var tables = 0
  var places = 0
  var processes = 0
  var terminals = 0
  var pages = 0
  var byteCount = 0

  init(_ limits: FileLimits) {
    precondition(
      limits.pipes <= WakeupSet.capacity / 2 - VirtualFileSystem.terminalCapacity,
      "too many pipes for the channels")
    disks = take(VirtualFileSystem.mountCapacity * MemoryLayout<FileSystem>.stride)
    openFiles = take(SlotTable<OpenFile>.byteCount(limits.openFiles))
    pipes = take(SlotTable<NamedPipe>.byteCount(limits.pipes))
    tables = take(SlotTable<DescriptorTable>.byteCount(limits.tables))
    places = take(SlotTable<Place>.byteCount(limits.places))
    processes = take(SlotTable<KnownProcess>.byteCount(limits.processes))
    terminals = take(SlotTable<Terminal>.byteCount(VirtualFileSystem.terminalCapacity))
    byteCount = (byteCount + 4095) & ~4095
    buffers = take(PathBuffers.byteCount)
    pages = take(limits.pages * PagePool.pageSize)
  }

  private mutating func take(_ count: Int) -> Int {
    let start = byteCount
    byteCount += (count + 15) & ~15
    return start
  }
}

/// Buffers for the paths that an operation works on.
@safe package struct PathBuffers: BitwiseCopyable {
  private let base: UnsafeMutablePointer<UInt8>

  /// Bytes in a buffer: a path and a terminator.
  package static var size: Int { PathResolver.bufferSize }
  static var byteCount: Int { 3 * size }

  @unsafe package init(at memory: UnsafeMutableRawPointer) {
    unsafe base = memory.assumingMemoryBound(to: UInt8.self)
    unsafe base.initialize(repeating: 0, count: Self.byteCount)
  }

  /// The buffer of a path, 0 or 1, or of a symbolic link's target, 2.
  ///
  /// Operations run one at a time, and each uses a buffer for one thing.
  @_lifetime(immortal)
  package func span(_ index: Int) -> MutableSpan<UInt8> {
    precondition(index >= 0 && index < 3, "there are three path buffers")
    // SAFETY: the memory belongs to the virtual file system for ever, and the index was checked.
    let span = unsafe MutableSpan(_unsafeStart: base + index * Self.size, count: Self.size)
    return unsafe _overrideLifetime(span, copying: ())
  }

  /// The bytes of a name that a walk has left in a buffer.
  @_lifetime(immortal)
  package func name(_ index: Int, _ range: Range<Int>) -> Span<UInt8> {
    precondition(index >= 0 && index < 3 && range.lowerBound >= 0 && range.upperBound <= Self.size)
    // SAFETY: as above; the range was checked.
    let span = unsafe Span(_unsafeStart: base + index * Self.size + range.lowerBound, count: range.count)
    return unsafe _overrideLifetime(span, copying: ())
  }
}

/// Channels that somebody should be woken on.
package struct WakeupSet: BitwiseCopyable {
  package static var capacity: Int { 1_024 }

  private var words: InlineArray<32, UInt32> = .init(repeating: 0)
  private var summary: UInt32 = 0

  @inline(__always)
  var isEmpty: Bool { summary == 0 }

  @inline(__always)
  package mutating func insert(_ channel: WaitChannel) {
    words[Int(channel.rawValue >> 5)] |= 1 << UInt32(channel.rawValue & 31)
    summary |= 1 << UInt32(channel.rawValue >> 5)
  }

  mutating func removeFirst() -> WaitChannel {
    let index = summary.trailingZeroBitCount
    let word = words[index]
    words[index] = word & (word &- 1)
    if words[index] == 0 { summary &= summary &- 1 }
    return WaitChannel(index * 32 + word.trailingZeroBitCount)
  }
}
