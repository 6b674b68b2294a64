/// What the interrupt stubs of i686 leave on the stack.

/// The registers of interrupted i686 code, in the order in which `Kernel/Machine/Arch/I686/Interrupts.asm` pushes them:
/// the last pushed comes first.
///
/// `esp` and `ss` of the interrupted code are on the stack only if the processor changed rings (Intel SDM volume 3,
/// 6.12.1); without a change the stack continues right after `eflags`.
public struct TrapFrame32: BitwiseCopyable, Sendable {
  /// Data segment selectors; the upper halves of the words are undefined.
  public var gs, fs, es, ds: UInt32
  /// The general registers as `pushad` leaves them.
  public var edi, esi, ebp, espOfPushad, ebx, edx, ecx, eax: UInt32
  /// The vector that the stub of each vector pushed.
  public var vector: UInt32
  /// The processor's error code, or 0 for vectors without one.
  public var errorCode: UInt32
  /// Where the code was interrupted.
  public var eip, cs, eflags: UInt32
  /// The stack of the interrupted code, if it ran in another ring.
  public var espOfOuterRing, ssOfOuterRing: UInt32

  /// A frame of zeros.
  public init() {
    (gs, fs, es, ds) = (0, 0, 0, 0)
    (edi, esi, ebp, espOfPushad, ebx, edx, ecx, eax) = (0, 0, 0, 0, 0, 0, 0, 0)
    (vector, errorCode, eip, cs, eflags) = (0, 0, 0, 0, 0)
    (espOfOuterRing, ssOfOuterRing) = (0, 0)
  }

  /// The ring that was interrupted, 0 to 3: the requested privilege level of `cs`.
  public var ring: UInt32 { cs & 3 }

  /// Bytes from the frame's start to the stack pointer of interrupted ring 0 code.
  public static var sizeWithinRing: Int { 68 }
}
