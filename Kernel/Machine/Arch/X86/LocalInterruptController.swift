/// The local interrupt controller (APIC) of a processor: its timer, and the end of interrupts.

import Base
import CMachine

/// The registers of the local APIC, at a fixed place in the kernel's windows.
///
/// Intel SDM vol. 3, 10.4 and 10.5.
public enum LocalInterruptController {
  /// Where its registers appear.
  public static let window = Windows.localController
  /// The vector of the timer; `TIMER_VECTOR` in `Kernel/Machine/Arch/*/Interrupts.asm`.
  public static let timerVector: UInt8 = 0x30
  /// The vector of an interrupt that was gone when it was asked for; it must not be acknowledged.
  public static let spuriousVector: UInt8 = 0xFF

  private static let baseRegister: UInt32 = 0x1B
  private static var registers: UInt { window.rawValue }
  private static var identityRegister: UInt { registers + 0x020 }
  private static var firstServiceRegister: UInt { registers + 0x100 }
  private static var endRegister: UInt { registers + 0x0B0 }
  private static var spuriousRegister: UInt { registers + 0x0F0 }
  private static var timerRegister: UInt { registers + 0x320 }
  private static var line0Register: UInt { registers + 0x350 }
  private static var errorRegister: UInt { registers + 0x370 }
  private static var initialCountRegister: UInt { registers + 0x380 }
  private static var currentCountRegister: UInt { registers + 0x390 }
  private static var divideRegister: UInt { registers + 0x3E0 }

  /// Where the registers lie in physical memory, or `nil` if the processor has no such controller.
  public static func find() -> PhysicalAddress? {
    guard cpu_cpuid(1, 0).edx >> 9 & 1 == 1 else { return nil }
    let base = cpu_rdmsr(baseRegister)
    guard base >> 11 & 1 == 1 else { return nil }
    return PhysicalAddress(base & 0x000F_FFFF_FFFF_F000)
  }

  /// Turns the controller on; the window must be mapped.
  ///
  /// The legacy controllers still reach the processor by line 0, if it takes their interrupts.
  public static func start(takesLegacyInterrupts: Bool) {
    cpu_store32(timerRegister, 1 << 16 | UInt32(timerVector))
    cpu_store32(line0Register, takesLegacyInterrupts ? 0x700 : 1 << 16 | 0x700)  // external interrupts
    cpu_store32(errorRegister, 1 << 16)
    cpu_store32(spuriousRegister, 1 << 8 | UInt32(spuriousVector))
    cpu_store32(divideRegister, 0xB)  // divide by one
    cpu_store32(initialCountRegister, 0)
    cpu_store32(timerRegister, UInt32(timerVector))  // one shot
  }

  /// Cuts the legacy controllers off from the processor.
  public static func maskLegacyControllers() { cpu_store32(line0Register, 1 << 16 | 0x700) }

  /// The controller's identity, by which others send it interrupts.
  public static var identity: UInt8 { UInt8(truncatingIfNeeded: cpu_load32(identityRegister) >> 24) }

  /// Whether the processor is being interrupted at a vector, and the end has not been said.
  public static func isInService(_ vector: UInt8) -> Bool {
    cpu_load32(firstServiceRegister + UInt(vector >> 5) * 0x10) >> UInt32(vector & 31) & 1 == 1
  }

  /// Lets the timer interrupt after each `count` of its ticks from now on; setting a count begins a period anew.
  public static func interruptPeriodically(count: UInt32) {
    cpu_store32(timerRegister, 1 << 17 | UInt32(timerVector))
    cpu_store32(initialCountRegister, count)
  }

  /// Says that the interrupt is handled.
  @inline(__always)
  public static func endInterrupt() { cpu_store32(endRegister, 0) }

  /// Lets the timer interrupt once, after `count` of its ticks; never for 0.
  @inline(__always)
  public static func interrupt(afterCount count: UInt32) { cpu_store32(initialCountRegister, count) }

  /// What is left of the count.
  public static var remainingCount: UInt32 { cpu_load32(currentCountRegister) }
}
