/// What the interrupt stubs of x86_64 leave on the stack.

/// The registers of interrupted code in long mode, in the order in which `Kernel/Machine/Arch/X86_64/Interrupts.asm` pushes
/// them: the last pushed comes first.
///
/// In long mode the processor always pushes `ss` and `rsp` (AMD APM volume 2, 8.9.3).
public struct TrapFrame64: BitwiseCopyable, Sendable {
  /// The general registers.
  public var r15, r14, r13, r12, r11, r10, r9, r8: UInt64
  /// The general registers that i686 has too.
  public var rdi, rsi, rbp, rbx, rdx, rcx, rax: UInt64
  /// The vector that the stub of each vector pushed.
  public var vector: UInt64
  /// The processor's error code, or 0 for vectors without one.
  public var errorCode: UInt64
  /// Where the code was interrupted, and its stack.
  public var rip, cs, rflags, rsp, ss: UInt64

  /// A frame of zeros.
  public init() {
    (r15, r14, r13, r12, r11, r10, r9, r8) = (0, 0, 0, 0, 0, 0, 0, 0)
    (rdi, rsi, rbp, rbx, rdx, rcx, rax) = (0, 0, 0, 0, 0, 0, 0)
    (vector, errorCode, rip, cs, rflags, rsp, ss) = (0, 0, 0, 0, 0, 0, 0)
  }

  /// The ring that was interrupted, 0 to 3: the requested privilege level of `cs`.
  public var ring: UInt64 { cs & 3 }
}
