/// The processor's floating-point and vector registers, as far as the kernel handles them: closed, opened, saved, loaded.

import CMachine
import FloatingPoint

/// The x87, SSE and AVX registers.
///
/// Closed (CR0.TS), every instruction that uses them raises `device not available` (Intel SDM volume 3, 2.5).
public enum FloatingPointUnit {
  // CR0: monitor coprocessor, emulation, task switched, native errors.
  private static let monitor: UInt = 1 << 1
  private static let emulate: UInt = 1 << 2
  private static let closed: UInt = 1 << 3
  private static let nativeErrors: UInt = 1 << 5
  // CR4: fxsave and SSE, SSE errors as an exception, xsave.
  private static let allowsSSE: UInt = 1 << 9
  private static let reportsSSEErrors: UInt = 1 << 10
  private static let allowsXSave: UInt = 1 << 18

  /// Lets programs have what the processor has, and closes the registers.
  ///
  /// - Parameter usesXSave: whether programs may have `xsave`, and with it AVX. QEMU's translator does not stop `xsave`
  ///   and `xrstor` at closed registers as processors do, so whoever relies on that must do without.
  /// - Returns: how states are moved.
  @export(interface)
  public static func start(usesXSave: Bool) -> StateLayout {
    let features = cpu_cpuid(1, 0)
    var available: UInt64 = 0
    if usesXSave, features.ecx >> 26 & 1 == 1, cpu_cpuid(0, 0).eax >= 0xD {
      let answer = cpu_cpuid(0xD, 0)
      available = UInt64(answer.edx) << 32 | UInt64(answer.eax)
    }
    let layout = StateLayout(hasFXSave: features.edx >> 24 & 1 == 1, available: available) { components in
      guard components & 0b100 != 0 else { return 576 }  // the old area and the header
      let vectors = cpu_cpuid(0xD, 2)
      return vectors.eax &+ vectors.ebx
    }
    cpu_write_cr0(cpu_read_cr0() & ~emulate | monitor | nativeErrors | closed)
    if layout.format != .none { cpu_write_cr4(cpu_read_cr4() | allowsSSE | reportsSSEErrors) }
    if layout.format == .xsave {
      cpu_write_cr4(cpu_read_cr4() | allowsXSave)
      cpu_xsetbv(0, layout.components)
    }
    return layout
  }

  /// Does what was decided.
  ///
  /// - Safety: the addresses must be those of states of this layout that nobody else uses.
  @unsafe @export(interface)
  public static func perform(_ step: RegisterStep, _ layout: StateLayout) {
    if step.isOpen || step.save != 0 || step.load != 0 { cpu_clts() }
    if step.save != 0 {
      if layout.format == .xsave {
        cpu_xsave(step.save, layout.components)
      } else {
        cpu_fxsave(step.save)
      }
    }
    if step.load != 0 {
      if layout.format == .xsave {
        cpu_xrstor(step.load, layout.components)
      } else {
        cpu_fxrstor(step.load)
      }
    }
    if !step.isOpen { close() }
  }

  /// Saves the registers, loads another state and leaves them open.
  ///
  /// - Safety: as for `perform`.
  @unsafe @inline(__always)
  public static func exchange(_ old: StateAddress, for new: StateAddress, _ layout: StateLayout) {
    // A thread that the processor has begun as a task of its own finds them closed.
    cpu_clts()
    if layout.format == .xsave {
      cpu_xsave(old, layout.components)
      cpu_xrstor(new, layout.components)
    } else {
      cpu_fxsave(old)
      cpu_fxrstor(new)
    }
  }

  /// Lets no instruction use the registers.
  @inline(__always)
  public static func close() { cpu_write_cr0(cpu_read_cr0() | closed) }

  /// Lets instructions use the registers.
  @inline(__always)
  public static func open() { cpu_clts() }
}
