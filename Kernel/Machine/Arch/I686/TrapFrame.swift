/// The interrupted registers of i686 as a panic report lists them.

import Base
import CMachine
import Core
import X86

/// What the stubs push on this architecture.
public typealias TrapFrame = TrapFrame32

extension TrapFrame32: RegisterList {
  /// The number of registers in a report.
  public var registerCount: Int { 14 }

  /// The name of register `index`.
  public func registerName(_ index: Int) -> StaticString {
    switch index {
    case 0: "eax"
    case 1: "ebx"
    case 2: "ecx"
    case 3: "edx"
    case 4: "esi"
    case 5: "edi"
    case 6: "ebp"
    case 7: "esp"
    case 8: "eip"
    case 9: "cs "
    case 10: "efl"
    case 11: "err"
    case 12: "cr2"
    default: "cr3"
    }
  }

  /// The content of register `index`.
  public func registerValue(_ index: Int) -> UInt {
    switch index {
    case 0: UInt(eax)
    case 1: UInt(ebx)
    case 2: UInt(ecx)
    case 3: UInt(edx)
    case 4: UInt(esi)
    case 5: UInt(edi)
    case 6: UInt(ebp)
    case 7: UInt(stackPointer)
    case 8: UInt(eip)
    case 9: UInt(cs)
    case 10: UInt(eflags)
    case 11: UInt(errorCode)
    case 12: cpu_read_cr2()
    default: cpu_read_cr3()
    }
  }

  /// Where the code was interrupted.
  public var instructionPointer: VirtualAddress { VirtualAddress(UInt(eip)) }

  /// The frame pointer of the interrupted code.
  public var framePointer: UInt { UInt(ebp) }

  /// The stack pointer of the interrupted code.
  ///
  /// Within ring 0 the processor does not push it: it is where `pushad` found it, less what the stub and
  /// the processor had pushed (vector, error code, eip, cs, eflags).
  public var stackPointer: UInt32 { ring == 0 ? espOfPushad &+ 20 : espOfOuterRing }

  /// The registers that a task had when the processor switched away from it.
  ///
  /// - Parameters:
  ///   - task: the task-state segment that was left.
  ///   - vector: why it was left.
  public init(leaving task: TaskState32, vector: UInt32) {
    self.init()
    (eax, ebx, ecx, edx) = (task.eax, task.ebx, task.ecx, task.edx)
    (esi, edi, ebp, espOfPushad) = (task.esi, task.edi, task.ebp, task.esp &- 20)
    (eip, cs, eflags) = (task.eip, task.cs, task.eflags)
    (espOfOuterRing, ssOfOuterRing) = (task.esp, task.ss)
    self.vector = vector
  }
}
