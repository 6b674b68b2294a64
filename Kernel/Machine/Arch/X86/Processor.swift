/// The processor that runs this code: its tables, its features, its rest.

import Base
import CMachine

/// The processor.
public enum Processor {
  /// Loads the descriptor tables of the first processor.
  ///
  /// From here on exceptions are reported.
  public static func installTables() {
    // SAFETY: the linker script sets this memory aside for the block of the first processor, once.
    unsafe ProcessorBlock.install(at: blockPointer)
  }

  /// The block of this processor; its tables must have been installed.
  public static var block: ProcessorBlock {
    // SAFETY: the block was initialised by `installTables` and is never moved.
    unsafeAddress { unsafe UnsafePointer(blockPointer) }
    unsafeMutableAddress { unsafe blockPointer }
  }

  private static var blockPointer: UnsafeMutablePointer<ProcessorBlock> {
    guard let pointer = unsafe UnsafeMutablePointer<ProcessorBlock>(bitPattern: symbol_processor_block())
    else {
      preconditionFailure("the processor's block lies at address 0")
    }
    return unsafe pointer
  }

  /// Whether pages can be marked as not executable (CPUID.80000001H:EDX bit 20).
  public static var hasNoExecute: Bool {
    cpu_cpuid(0x8000_0000, 0).eax >= 0x8000_0001 && cpu_cpuid(0x8000_0001, 0).edx >> 20 & 1 == 1
  }

  /// Waits for the next interrupt, with interrupts on.
  public static func waitForInterrupt() { cpu_sti_hlt() }

  /// Runs `body` with interrupts off and puts them back as they were.
  @inline(__always)
  public static func withoutInterrupts<Result: ~Copyable>(_ body: () -> Result) -> Result {
    let wereOn = cpu_flags() & 0x200 != 0
    cpu_cli()
    defer { if wereOn { cpu_sti() } }
    return body()
  }
}
