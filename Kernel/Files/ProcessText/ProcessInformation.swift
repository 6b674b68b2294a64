/// What the kernel knows of itself and its processes, as the texts of `/proc` need it.

/// The state of a process, by the letter that `ps` shows.
public enum ProcessState: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// Runs or could: R.
  case running = 0x52
  /// Waits, and a signal ends the wait: S.
  case sleeping = 0x53
  /// Waits, whatever comes: D.
  case waiting = 0x44
  /// Stopped by a signal: T.
  case stopped = 0x54
  /// Ended, and nobody has asked for its status yet: Z.
  case ended = 0x5A

  /// The word that follows the letter in `status`.
  var word: StaticString {
    switch self {
    case .running: "running"
    case .sleeping: "sleeping"
    case .waiting: "disk sleep"
    case .stopped: "stopped"
    case .ended: "zombie"
    }
  }
}

/// What is known of a process.
///
/// Times count in hundredths of a second.
public struct ProcessFacts: BitwiseCopyable, Sendable {
  /// Its number.
  public var number: UInt32
  /// Its parent's number.
  public var parent: UInt32 = 0
  /// Its process group.
  public var group: UInt32 = 0
  /// Its session.
  public var session: UInt32 = 0
  /// The foreground group of its terminal, or `nil` without a terminal.
  public var foreground: UInt32?
  /// What it does.
  public var state = ProcessState.running
  /// Up to 15 bytes of its name.
  public var name: InlineArray<16, UInt8> = .init(repeating: 0)
  /// The number of bytes of its name.
  public var nameLength = 0
  /// Its threads.
  public var threads: UInt32 = 1
  /// Time in programs.
  public var userTime: UInt64 = 0
  /// Time in the kernel.
  public var systemTime: UInt64 = 0
  /// Times of its ended children.
  public var childUserTime: UInt64 = 0
  /// Times of its ended children in the kernel.
  public var childSystemTime: UInt64 = 0
  /// When it started, since the node did.
  public var startTime: UInt64 = 0
  /// -20 to 19.
  public var nice: Int32 = 0
  /// Bytes of its address space.
  public var virtualBytes: UInt64 = 0
  /// Pages that it has in memory.
  public var residentPages: UInt64 = 0
  /// Pages that were made present at a touch.
  public var pageFaults: UInt64 = 0
  /// Where its program's code begins.
  public var codeStart: UInt64 = 0
  /// Where its program's code ends.
  public var codeEnd: UInt64 = 0
  /// Where its stack began.
  public var stackStart: UInt64 = 0
  /// Signals that wait, as a `sigset_t`.
  public var pendingSignals: UInt64 = 0
  /// Signals that are blocked.
  public var blockedSignals: UInt64 = 0
  /// Signals that are ignored.
  public var ignoredSignals: UInt64 = 0
  /// Signals that are handled.
  public var caughtSignals: UInt64 = 0
  /// The mask of new files.
  public var mask: UInt16 = 0o022

  /// Facts of process `number`, all others at rest.
  public init(number: UInt32) { self.number = number }

  /// Sets the name to at most 15 bytes of `text`.
  public mutating func setName(_ text: Span<UInt8>) {
    nameLength = min(text.count, 15)
    for index in 0..<nameLength { name[index] = text[index] }
  }
}

/// A region of an address space.
public struct RegionFacts: BitwiseCopyable, Sendable {
  /// The first byte.
  public var start: UInt64
  /// One past the last.
  public var end: UInt64
  /// 4 read, 2 write, 1 execute.
  public var access: UInt8
  /// Whether writes are seen by others.
  public var isShared = false
  /// Where in the file it begins.
  public var offset: UInt64 = 0
  /// The file's node, 0 for none.
  public var file: UInt64 = 0
  /// What it is, as `[heap]`, or empty.
  public var label: StaticString = ""

  /// A region.
  public init(start: UInt64, end: UInt64, access: UInt8) {
    self.start = start
    self.end = end
    self.access = access
  }
}

/// What is known of the node.
///
/// Times count in hundredths of a second.
public struct NodeFacts: BitwiseCopyable, Sendable {
  /// Bytes of memory that the kernel has to give.
  public var memoryBytes: UInt64 = 0
  /// Bytes of it that are free.
  public var freeBytes: UInt64 = 0
  /// Bytes that the ramdisk and other file systems lie in.
  public var fileBytes: UInt64 = 0
  /// Bytes of the kernel's heap in use.
  public var heapBytes: UInt64 = 0
  /// The most bytes of memory that were in use at once.
  public var peakBytes: UInt64 = 0
  /// Time since the start.
  public var uptime: UInt64 = 0
  /// Time without anything to do.
  public var idleTime: UInt64 = 0
  /// Time in programs.
  public var userTime: UInt64 = 0
  /// Time in the kernel.
  public var systemTime: UInt64 = 0
  /// When the node started, in seconds since 1970.
  public var bootTime: UInt64 = 0
  /// Switches of threads.
  public var switches: UInt64 = 0
  /// Interrupts.
  public var interrupts: UInt64 = 0
  /// Processes that were ever made.
  public var processesMade: UInt64 = 0
  /// Threads that run or could.
  public var runnable: UInt32 = 0
  /// Threads in all.
  public var threads: UInt32 = 0
  /// The newest process's number.
  public var lastProcess: UInt32 = 0
  /// Megahertz of the processor.
  public var megahertz: UInt32 = 0
  /// Runnable threads over 1, 5 and 15 minutes, in hundredths.
  public var load: InlineArray<3, UInt32> = .init(repeating: 0)

  /// A node at rest.
  public init() {}
}

/// Who knows: the kernel implements it, and tests have one of their own.
public protocol ProcessInformation: ~Copyable {
  /// What is known of the node.
  func nodeFacts() -> NodeFacts

  /// What is known of a process, or `nil` if there is none with that number.
  func processFacts(_ number: UInt32) -> ProcessFacts?

  /// Region `index` of a process in ascending order, or `nil` past the last.
  func region(_ index: Int, ofProcess number: UInt32) -> RegionFacts?

  /// Copies a process's arguments, each with a zero byte behind it, from byte `offset` on; returns how many bytes.
  func copyArguments(ofProcess number: UInt32, from offset: Int, into buffer: inout MutableSpan<UInt8>) -> Int

  /// The letters of a text that only the kernel has, from byte `offset` on; returns how many.
  func copy(_ text: KernelText, from offset: Int, into buffer: inout MutableSpan<UInt8>) -> Int
}

/// Texts that the kernel has as they are.
public enum KernelText: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// The kernel's name and version.
  case version
  /// The kernel's command line.
  case commandLine
  /// The vendor of the processor, as `cpuid` says it.
  case processorVendor
  /// The processor's name.
  case processorName
  /// The trace.
  case trace
  /// The machine's nodes, a line each.
  case nodes
  /// The links to other nodes, a line each.
  case links
  /// The guests, a line each.
  case guests
}
