/// What keeps the kernel from programs' memory, and programs from the kernel's tables.

import CMachine

/// Features of the processor that make mistakes of the kernel harmless; used where they are there.
public struct Protections: OptionSet, BitwiseCopyable, Sendable {
  /// The set as bits.
  public let rawValue: UInt8
  /// Makes a set of its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The kernel never executes a page of programs (SMEP).
  public static let noExecution = Protections(rawValue: 1)
  /// The kernel touches pages of programs only where it says so (SMAP).
  public static let noAccess = Protections(rawValue: 2)
  /// Programs can't ask where the kernel's tables are: sgdt, sidt, sldt, str, smsw (UMIP).
  public static let noTables = Protections(rawValue: 4)
  /// The kernel's translations outlive a change of address space (PGE).
  public static let globalPages = Protections(rawValue: 8)

  /// What the processor has (Intel SDM volume 2, CPUID).
  public static var available: Protections {
    var result: Protections = []
    if cpu_cpuid(1, 0).edx >> 13 & 1 == 1 { result.insert(.globalPages) }
    guard cpu_cpuid(0, 0).eax >= 7 else { return result }
    let features = cpu_cpuid(7, 0)
    if features.ebx >> 7 & 1 == 1 { result.insert(.noExecution) }
    if features.ebx >> 20 & 1 == 1 { result.insert(.noAccess) }
    if features.ecx >> 2 & 1 == 1 { result.insert(.noTables) }
    return result
  }

  /// What is in use (CR4).
  public static var inUse: Protections {
    let bits = cpu_read_cr4()
    var result: Protections = []
    if bits >> 20 & 1 == 1 { result.insert(.noExecution) }
    if bits >> 21 & 1 == 1 { result.insert(.noAccess) }
    if bits >> 11 & 1 == 1 { result.insert(.noTables) }
    if bits >> 7 & 1 == 1 { result.insert(.globalPages) }
    return result
  }
}

extension Processor {
  /// Switches on what protects the kernel from itself and its tables from programs.
  ///
  /// Called with the page tables of start-up, in which the kernel's code can be written.
  @export(interface)
  public static func useProtections() {
    let available = Protections.available
    var bits = cpu_read_cr4()
    if available.contains(.globalPages) { bits |= 1 << 7 }
    if available.contains(.noTables) { bits |= 1 << 11 }
    if available.contains(.noExecution) { bits |= 1 << 20 }
    if available.contains(.noAccess) {
      bits |= 1 << 21
      enableSites(symbol_user_copy_sites())
      enableSites(symbol_interrupt_access_sites())
      enableSites(symbol_call_access_sites())
    }
    cpu_write_cr4(bits)
  }

  /// Makes stac and clac (0F 01 CB, 0F 01 CA) of the three-byte nops that a list names.
  ///
  /// The nops' last byte, 1 or 0, says which of the two is meant. On processors without access prevention both are
  /// unknown instructions, so they can't stand in the code from the beginning.
  private static func enableSites(_ list: UInt) {
    var entry = list
    while true {
      #if arch(i386)
        let site = UInt(cpu_load32(entry))
        entry += 4
      #else
        let site = UInt(cpu_load32(entry)) | UInt(cpu_load32(entry + 4)) << 32
        entry += 8
      #endif
      guard site != 0 else { return }
      let last = cpu_load8(site + 2)
      precondition(
        cpu_load8(site) == 0x0F && cpu_load8(site + 1) == 0x1F && last < 2,
        "no nop where access to programs' memory is to be allowed or forbidden")
      cpu_store8(site + 1, 0x01)
      cpu_store8(site + 2, 0xCA + last)
    }
  }
}
