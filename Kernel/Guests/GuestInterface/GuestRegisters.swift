/// A guest's registers while the guest does not run.

/// The registers, in the order in which the world switcher saves them.
public struct GuestRegisters: BitwiseCopyable, Hashable, Sendable {
  /// The number of a call.
  public var eax: UInt32 = 0
  /// The first argument of a call.
  public var ebx: UInt32 = 0
  /// The second.
  public var ecx: UInt32 = 0
  /// The third.
  public var edx: UInt32 = 0
  /// The fourth.
  public var esi: UInt32 = 0
  /// A general register.
  public var edi: UInt32 = 0
  /// The frame pointer of code that has one.
  public var ebp: UInt32 = 0
  /// The segment of per-processor data or of thread-local storage.
  public var gs: UInt32 = 0
  /// The other such segment.
  public var fs: UInt32 = 0
  /// The segment of data.
  public var ds: UInt32 = 0
  /// The segment that strings go to.
  public var es: UInt32 = 0
  /// The vector by which the guest was left.
  public var vector: UInt32 = 0
  /// The error code that belongs to it, or 0.
  public var errorCode: UInt32 = 0
  /// Where the guest goes on.
  public var eip: UInt32 = 0
  /// The segment of code, with the ring.
  public var cs: UInt32 = 0
  /// The flags.
  public var eflags: UInt32 = 0
  /// The stack.
  public var esp: UInt32 = 0
  /// The segment of the stack.
  public var ss: UInt32 = 0

  /// Registers that are all 0.
  public init() {}

  /// The registers of a guest that begins at `entry`.
  public init(entry: UInt32) {
    eip = entry
    cs = UInt32(GuestSegments.kernelCode)
    ds = UInt32(GuestSegments.kernelData)
    es = ds
    ss = ds
    eflags = Self.interruptFlag | 2
  }

  /// The interrupt flag of `eflags`, which is always on while a guest runs.
  public static var interruptFlag: UInt32 { 0x200 }

  /// Whether the guest's kernel was running, and not one of its programs.
  public var isInKernel: Bool { ss & 3 == 1 }

  /// The call that the registers hold.
  public var hypercall: Hypercall { Hypercall(eax, ebx, ecx, edx, esi) }
}
