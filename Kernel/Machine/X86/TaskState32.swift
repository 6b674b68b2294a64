/// The task-state segment of i686.

/// A 32-bit task-state segment, 104 bytes (Intel SDM volume 3, 7.2.1).
///
/// Upper halves of selector words are reserved.
public struct TaskState32: BitwiseCopyable, Sendable {
  /// The selector of the task that a nested task returns to.
  public var previousTask: UInt32 = 0
  /// The stack of ring 0.
  public var esp0: UInt32 = 0
  /// The segment of the stack of ring 0.
  public var ss0: UInt32 = 0
  /// The stack of ring 1.
  public var esp1: UInt32 = 0
  /// The segment of the stack of ring 1.
  public var ss1: UInt32 = 0
  /// The stack of ring 2.
  public var esp2: UInt32 = 0
  /// The segment of the stack of ring 2.
  public var ss2: UInt32 = 0
  /// The page tables of the task.
  public var cr3: UInt32 = 0
  /// The saved instruction pointer and flags.
  public var eip, eflags: UInt32
  /// The saved general registers.
  public var eax, ecx, edx, ebx, esp, ebp, esi, edi: UInt32
  /// The saved selectors.
  public var es, cs, ss, ds, fs, gs: UInt32
  /// The selector of the local descriptor table.
  public var ldt: UInt32 = 0
  /// Bit 0: raise a debug exception on a switch to this task.
  ///
  /// The upper half is the offset of the port bitmap.
  public var trapAndBitmapBase: UInt32

  /// A task of zeros without a port bitmap: every port is refused to rings above the I/O privilege level.
  public init() {
    (eip, eflags) = (0, 2)
    (eax, ecx, edx, ebx, esp, ebp, esi, edi) = (0, 0, 0, 0, 0, 0, 0, 0)
    (es, cs, ss, ds, fs, gs) = (0, 0, 0, 0, 0, 0)
    trapAndBitmapBase = UInt32(Self.size) << 16
  }

  /// Bytes in the segment.
  public static let size = 104
}
