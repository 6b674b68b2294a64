/// How programs of i386 make calls the fast way.

import Arch
import Base
import CMachine
import Runtime
import UserMemory

/// The page of the kernel from which programs of i386 make calls (AT_SYSINFO).
///
/// Where the processor has `sysenter`, it is by that; in long mode only Intel's have it, and on others the page makes its
/// calls by `int 0x80`.
enum CallPage {
  /// Its frame; `nil` if there is none.
  static var frame: FrameNumber? {
    let number = NodeReference().node.callPage
    return number == 0 ? nil : FrameNumber(number)
  }

  /// Where in it the kernel returns to after `sysenter`.
  static var returnOffset: UInt { symbol_system_call_page_return() - symbol_system_call_page() }

  private static var hasSysenter: Bool {
    #if arch(i386)
      // Threads that are switched by the processor have stacks that sysenter would not find.
      return cpu_cpuid(1, 0).edx >> 11 & 1 == 1 && !NodeReference().node.threads.switchesByHardware
    #else
      // "Genu": the beginning of Intel's name.
      return cpu_cpuid(1, 0).edx >> 11 & 1 == 1 && cpu_cpuid(0, 0).ebx == 0x756E_6547
    #endif
  }

  /// Makes it, once.
  static func make() {
    guard let frame = UserMemory.takeFrame() else { return }
    let page = Frames.address(of: frame).rawValue
    let start = hasSysenter ? symbol_system_call_page() : symbol_interrupt_call_page()
    let end = hasSysenter ? symbol_system_call_page_end() : symbol_interrupt_call_page_end()
    for offset in 0..<UInt(pageSize) {
      cpu_store8(page + offset, offset < end - start ? cpu_load8(start + offset) : 0xCC)
    }
    NodeReference().node.callPage = frame.rawValue
  }
}
