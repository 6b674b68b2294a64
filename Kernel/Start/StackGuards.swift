/// Which stack an address below a stack belongs to.

import Base
import CMachine

/// The absent pages below the stacks that the linker script lays out.
enum StackGuards {
  /// The name of the stack whose guard page holds `address`, or `nil`.
  static func stack(withGuardAt address: VirtualAddress) -> StaticString? {
    if isIn(address, page: symbol_boot_stack_guard()) { return "the start-up stack" }
    if isIn(address, page: symbol_fault_stack_guard()) { return "the double fault stack" }
    if isIn(address, page: symbol_nmi_stack_guard()) { return "the non-maskable interrupt stack" }
    return nil
  }

  private static func isIn(_ address: VirtualAddress, page: UInt) -> Bool {
    address.rawValue >= page && address.rawValue - page < UInt(pageSize)
  }
}
