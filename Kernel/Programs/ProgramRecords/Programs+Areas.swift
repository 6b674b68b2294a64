/// Descriptors that a thread of i386 sets for itself: how it finds its own variables.

import Arch
import CMachine
import LinuxABI
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
