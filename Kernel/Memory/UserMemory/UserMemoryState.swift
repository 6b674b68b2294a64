/// What a node remembers of programs' memory: references, cleared frames, records.

import AddressSpace
import Arch
import Base
import CMachine
import FrameAllocator
import Paging
import Regions
import Runtime

/// The address space of a program on this architecture.
public typealias UserSpace = AddressSpace<KernelTableFormat>

/// What the memory of programs needs of those who know processes and files.
///
/// C function pointers, so that neither side is built on the other.
public struct UserMemoryHooks: BitwiseCopyable {
  /// The address of the `UserSpace` of the thread that runs, or 0.
  public var currentSpace: @convention(c) () -> UInt = { 0 }
  /// Fills a frame: see `PageSource.fill`; answers a raw value of `PageFill`.
  public var fill:
    @convention(c) (_ frame: UInt32, _ file: UInt64, _ page: UInt64, _ byteCount: Int) -> UInt8 =
      { _, _, _, _ in PageFill.failed.rawValue }
  /// The frame of a file system that is a page of a file, 0 for none, the largest number for zeros; see
  /// `PageSource.liveFrame`.
  public var live: @convention(c) (_ file: UInt64, _ page: UInt64, _ isWritten: Bool) -> UInt32 = { _, _, _ in
    0
  }
  /// One more region shows a file.
  public var hold: @convention(c) (_ file: UInt64, _ isShared: Bool) -> Void = { _, _ in }
  /// One region fewer shows a file.
  public var letGo: @convention(c) (_ file: UInt64, _ isShared: Bool) -> Void = { _, _ in }

  /// There is no frame for a page that the kernel touches for the program that runs: it can't go on.
  public var outOfMemory: @convention(c) () -> Void = {}

  /// Hooks that know of nothing.
  public init() {}
}

/// A part of the node; its place is in `Node.userMemory`.
///
/// Touched only with interrupts off, or by the idle thread.
@safe struct UserMemoryState: ~Copyable {
  /// Frames that are zero already; in use as far as the allocator knows.
  var cleared: InlineArray<128, UInt32> = .init(repeating: 0)
  var clearedCount = 0
  /// References of each frame, by its number.
  let references: UnsafeMutablePointer<UInt32>
  let frameCount: UInt32
  /// The frame of zeros.
  let zero: FrameNumber
  /// Frames that programs leave to the kernel.
  let reserve: UInt32
  /// Frames that were free when programs began.
  let limit: UInt
  let kernel: KernelPart<KernelTableFormat>
  /// What `cr3` is without a program.
  let kernelRoot: UInt
  /// Whether the node's addresses are not the machine's.
  let isPlaced: Bool
  var records = RegionPool()
  var hooks: UserMemoryHooks

  init(
    references: UnsafeMutablePointer<UInt32>, frameCount: UInt32, zero: FrameNumber, reserve: UInt32,
    limit: UInt,
    kernel: KernelPart<KernelTableFormat>, isPlaced: Bool, hooks: UserMemoryHooks
  ) {
    unsafe self.references = references
    (self.frameCount, self.zero, self.reserve, self.limit) = (frameCount, zero, reserve, limit)
    (self.kernel, self.isPlaced, self.hooks) = (kernel, isPlaced, hooks)
    kernelRoot = hardwareRoot(kernel.tables.root)
  }

  /// The references of a frame.
  @inline(__always)
  subscript(references frame: FrameNumber) -> UInt32 {
    get {
      precondition(frame.rawValue < frameCount, "a program's frame lies outside of memory")
      // SAFETY: the number was checked.
      return unsafe references[Int(bitPattern: UInt(frame.rawValue))]
    }
    nonmutating set {
      precondition(frame.rawValue < frameCount, "a program's frame lies outside of memory")
      // SAFETY: the number was checked.
      unsafe references[Int(bitPattern: UInt(frame.rawValue))] = newValue
    }
  }
}

/// The state of this node.
@safe struct UserMemoryReference {
  private let pointer: UnsafeMutablePointer<UserMemoryState>

  @inline(__always)
  init() {
    guard
      let pointer = unsafe UnsafeMutablePointer<UserMemoryState>(bitPattern: NodeReference().node.userMemory)
    else { preconditionFailure("the memory of programs was not started") }
    unsafe self.pointer = pointer
  }

  @inline(__always)
  var state: UserMemoryState {
    // SAFETY: `UserMemory.start` has made it, and it is never moved or given back.
    unsafeAddress { unsafe UnsafePointer(pointer) }
    nonmutating unsafeMutableAddress { unsafe pointer }
  }
}
