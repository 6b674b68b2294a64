/// Which entry of the global descriptor table is what.
///
/// The numbers are those of Linux on the same architecture: a program may look at its selectors, a thread area has
/// a fixed place, and a paravirtual guest of i686 expects just these.

/// Selectors of i686.
public enum Selectors32 {
  /// Entries in the table.
  public static let entryCount = 32
  /// Code of ring 0.
  public static let kernelCode: UInt16 = 12 * 8
  /// Data of ring 0; `KERNEL_DATA` in `Kernel/Machine/Arch/I686/Interrupts.asm`.
  public static let kernelData: UInt16 = 13 * 8
  /// Code of programs.
  public static let userCode: UInt16 = 14 * 8 | 3
  /// Data of programs.
  public static let userData: UInt16 = 15 * 8 | 3
  /// The task that runs everything but the two below.
  public static let task: UInt16 = 16 * 8
  /// Data of ring 0 whose base is the processor's own block.
  public static let processorBlock: UInt16 = 27 * 8
  /// The two that threads' tasks take turns in when they are switched by hardware.
  public static let firstThreadTask: UInt16 = 18 * 8
  /// The other one.
  public static let secondThreadTask: UInt16 = 19 * 8
  /// The first of three descriptors that a thread of a program sets for itself.
  public static let firstArea: UInt16 = 6 * 8
  /// An entry for passing needs.
  public static let spare: UInt16 = 20 * 8
  /// The task of non-maskable interrupts.
  public static let nonMaskableTask: UInt16 = 30 * 8
  /// The task of double faults.
  public static let doubleFaultTask: UInt16 = 31 * 8
}

/// Selectors of x86_64.
///
/// `syscall` and `sysret` compute theirs: ring 0 data follows ring 0 code; 32-bit code, data and 64-bit code of
/// programs follow one another (AMD APM volume 2, 6.1.1).
public enum Selectors64 {
  /// Entries in the table.
  public static let entryCount = 16
  /// Code of ring 0.
  public static let kernelCode: UInt16 = 2 * 8
  /// Data of ring 0.
  public static let kernelData: UInt16 = 3 * 8
  /// 32-bit code of programs.
  public static let userCode32: UInt16 = 4 * 8 | 3
  /// Data of programs.
  public static let userData: UInt16 = 5 * 8 | 3
  /// 64-bit code of programs.
  public static let userCode64: UInt16 = 6 * 8 | 3
  /// The first of three descriptors that a thread of a program sets for itself.
  public static let firstArea: UInt16 = 12 * 8
  /// An entry for passing needs.
  public static let spare: UInt16 = 15 * 8
  /// The task-state segment, which takes two entries.
  public static let task: UInt16 = 8 * 8
}
