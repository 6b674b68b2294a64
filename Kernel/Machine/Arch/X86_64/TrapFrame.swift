/// The interrupted registers of x86_64 as a panic report lists them.

import Base
import CMachine
import Core
import X86

/// What the stubs push on this architecture.
public typealias TrapFrame = TrapFrame64

extension TrapFrame64: RegisterList {
  /// The number of registers in a report.
  public var registerCount: Int { 22 }

  /// The name of register `index`.
  public func registerName(_ index: Int) -> StaticString {
    switch index {
    case 0: "rax"
    case 1: "rbx"
    case 2: "rcx"
    case 3: "rdx"
    case 4: "rsi"
    case 5: "rdi"
    case 6: "rbp"
    case 7: "rsp"
    case 8: "r8 "
    case 9: "r9 "
    case 10: "r10"
    case 11: "r11"
    case 12: "r12"
    case 13: "r13"
    case 14: "r14"
    case 15: "r15"
    case 16: "rip"
    case 17: "cs "
    case 18: "rfl"
    case 19: "err"
    case 20: "cr2"
    default: "cr3"
    }
  }

  /// The content of register `index`.
  public func registerValue(_ index: Int) -> UInt {
    switch index {
    case 0: UInt(rax)
    case 1: UInt(rbx)
    case 2: UInt(rcx)
    case 3: UInt(rdx)
    case 4: UInt(rsi)
    case 5: UInt(rdi)
    case 6: UInt(rbp)
    case 7: UInt(rsp)
    case 8: UInt(r8)
    case 9: UInt(r9)
    case 10: UInt(r10)
    case 11: UInt(r11)
    case 12: UInt(r12)
    case 13: UInt(r13)
    case 14: UInt(r14)
    case 15: UInt(r15)
    case 16: UInt(rip)
    case 17: UInt(cs)
    case 18: UInt(rflags)
    case 19: UInt(errorCode)
    case 20: cpu_read_cr2()
    default: cpu_read_cr3()
    }
  }

  /// Where the code was interrupted.
  public var instructionPointer: VirtualAddress { VirtualAddress(UInt(rip)) }

  /// The frame pointer of the interrupted code.
  public var framePointer: UInt { UInt(rbp) }

  /// The stack pointer of the interrupted code.
  public var stackPointer: UInt64 { rsp }
}
