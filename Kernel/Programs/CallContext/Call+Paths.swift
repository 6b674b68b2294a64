/// Paths and users' numbers that a program gives.

import CMachine
import LinuxABI
import ProgramFiles
import VirtualFileSystem

extension Call {
  /// A path that a program gives, in a buffer of the kernel until the next one of the same number.
  ///
  /// - Parameter slot: 0 or 1: a call has up to two paths.
  @inline(never)
  @_lifetime(immortal)
  package func path(_ address: UInt, _ slot: Int = 0) throws(ErrorNumber) -> Span<UInt8> {
    try files.path(address, slot)
  }

  /// A user's or group's number of a call with 16 bits, where all ones mean none.
  package func narrow(_ value: UInt) -> UInt32 {
    let number = UInt32(truncatingIfNeeded: value & 0xFFFF)
    return number == 0xFFFF ? .max : number
  }

  /// A number of a user in a call of the program's plain kind: 16 bits in i386.
  package func plainUser(_ value: UInt) -> UInt32 {
    abi == .i386 ? narrow(value) : UInt32(truncatingIfNeeded: value)
  }
}
