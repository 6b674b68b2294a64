/// Descriptors that a thread of i386 sets for itself: how it finds its own variables.

import Arch
import Base
import CMachine
import FrameAllocator
import LinuxABI
import Runtime
import UserMemory
import X86

extension Programs {
  /// `set_thread_area`, also as a part of `clone`; for x86_64 a base address.
  ///
  /// - Parameters:
  ///   - value: the address of a `struct user_desc`, or the base.
  ///   - thread: whose descriptor is set.
  ///   - caller: who asks, in whose memory the structure is.
  public func setArea(
    _ value: UInt, of thread: ProgramThreadReference, from caller: ProgramThreadReference
  ) throws(ErrorNumber) {
    guard thread.fields.process.fields.abi == .i386 else {
      #if !arch(i386)
        guard value < 0x7FFF_FFFF_F000 else { throw .notPermitted }
        thread.fields.context.fsBase = value
        thread.fields.context.fs = 0
      #endif
      return
    }
    guard let number = ProgramMemory.readWord32(value), let base = ProgramMemory.readWord32(value &+ 4),
      let limit = ProgramMemory.readWord32(value &+ 8), let flags = ProgramMemory.readWord32(value &+ 12)
    else { throw .badAddress }
    var index = Int(Int32(bitPattern: number))
    if index == -1 {
      guard let free = (0..<3).first(where: { thread.fields.context.areas[$0] == .null }) else {
        throw .noSuchProcess
      }
      index = free + Self.firstArea
      guard ProgramMemory.write(UInt32(index), to: value) else { throw .badAddress }
    }
    index -= Self.firstArea
    guard index >= 0, index < 3 else { throw .invalidArgument }
    // Not present and empty: read_exec_only and seg_not_present without anything else.
    let isEmpty = base == 0 && limit == 0 && flags == 0x28
    thread.fields.context.setArea(
      index,
      isEmpty
        ? .null
        : .programArea(base: base, limit: limit, inPages: flags & 0x10 != 0, is32Bit: flags & 1 != 0))
  }

  /// The first of the three in the table, as programs number them.
  private static var firstArea: Int {
    #if arch(i386)
      Int(Selectors32.firstArea >> 3)
    #else
      Int(Selectors64.firstArea >> 3)
    #endif
  }
}

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
