/// The absent pages below the stacks that the linker script lays out.

import Base
import CMachine
import Log
import Scheduling

/// Which pages are absent on purpose, and whose overflow each of them catches.
enum StackGuards {
  /// The number of stacks in the image.
  static let count = 3

  /// The address of a guard page in the image, in ascending order.
  static func page(_ index: Int) -> UInt {
    switch index {
    case 0: symbol_boot_stack_guard()
    case 1: symbol_fault_stack_guard()
    default: symbol_nmi_stack_guard()
    }
  }

  /// Whose stack has overflowed if `address` was touched: a thread's, or one of the image's.
  static func owner(ofGuardAt address: VirtualAddress) -> Text? {
    if let stack = stack(withGuardAt: address) { return "\(stack)" }
    guard let bottom = StackPool.bottom(aboveGuard: address) else { return nil }
    var next: ThreadReference? = NodeReference().node.threads.scheduler.firstInList
    while let thread = next {
      if thread.fields.stackBottom == bottom {
        return "thread \(thread.fields.identifier) `\(thread.fields.name.text)`"
      }
      next = thread.nextInList
    }
    return "a thread that is no more"
  }

  /// The name of the stack whose guard page holds `address`, or `nil`.
  static func stack(withGuardAt address: VirtualAddress) -> StaticString? {
    for index in 0..<count
    where address.rawValue >= page(index) && address.rawValue - page(index) < UInt(pageSize) {
      return name(index)
    }
    return nil
  }

  private static func name(_ index: Int) -> StaticString {
    switch index {
    case 0: "the start-up stack"
    case 1: "the double fault stack"
    default: "the non-maskable interrupt stack"
    }
  }
}
