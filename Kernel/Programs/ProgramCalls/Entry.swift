/// Where calls arrive from `Kernel/Machine/Arch/*/SystemCalls.asm`.

import Arch
import Base
import CMachine
import CommandLine
import LinuxABI
import Log
import ProgramLife
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import SystemCalls
import UserMemory
import X86

/// Calls of programs.
public enum ProgramCalls {
  /// Lets programs' calls come here; once.
  @export(interface)
  public static func start() {
    startPorts()
    #if arch(i386)
      Processor.block.gate.handler = { _ in
        performI386()
        return true
      }
      answer({ SystemCall(i386: $0) }, isNative: true)
    #else
      Processor.block.gate.handler = { _ in
        performX86()
        return takeUnchanged()
      }
      Processor.block.gate.handler32 = { _ in performI386() }
      answer({ SystemCall(x86_64: $0) }, isNative: true)
      answer({ SystemCall(i386: $0) }, isNative: false)
    #endif
    QuickCalls.start()
  }

  /// Lets the entries themselves answer calls whose answer is a word of the thread's record.
  private static func answer(_ call: (UInt) -> SystemCall, isNative: Bool) {
    let word = UInt8(MemoryLayout<UInt>.size)
    for number in 0..<512 {
      let offset: UInt8 =
        switch call(UInt(number)) {
        case .getpid: word
        case .gettid: 2 * word
        case .getuid, .getuid32: 4 * word
        case .geteuid, .geteuid32: 5 * word
        case .getgid, .getgid32: 6 * word
        case .getegid, .getegid32: 7 * word
        default: 0
        }
      #if arch(i386)
        Processor.block.gate.answers[number] = offset
      #else
        if isNative {
          Processor.block.gate.answers[number] = offset
        } else {
          Processor.block.gate.answers32[number] = offset
        }
      #endif
    }
    // With a profile every call is performed, so that it is counted.
    let limit: UInt = Programs().system.isProfiling ? 0 : 512
    #if arch(i386)
      Processor.block.gate.limit = limit
    #else
      if isNative { Processor.block.gate.limit = limit } else { Processor.block.gate.limit32 = limit }
    #endif
  }
}

/// A call of a program of i386.
@inline(never)
private func performI386() {
  let thread = ProgramThreadReference.current
  #if arch(i386)
    let number = UInt(thread.frame.eax)
    if number >= PortCall.first, answerPort(thread, number) { return }
    thread.frame.errorCode = thread.frame.eax
    if thread.frame.vector == 0x81 {
      // sysenter: what the program had in ebp lies on its stack.
      guard let word = ProgramMemory.readWord32(UInt(thread.frame.ebp)) else {
        thread.result = ErrorNumber.badAddress.result
        return
      }
      thread.frame.ebp = word
    }
    let call = Call(
      thread: thread, process: thread.fields.process, abi: .i386, a: UInt(thread.frame.ebx),
      b: UInt(thread.frame.ecx), c: UInt(thread.frame.edx), d: UInt(thread.frame.esi),
      e: UInt(thread.frame.edi),
      f: UInt(thread.frame.ebp))
  #else
    let number = UInt(thread.frame.rax & 0xFFFF_FFFF)
    if number >= PortCall.first, answerPort32(thread, number) { return }
    thread.frame.errorCode = UInt64(number)
    func argument(_ value: UInt64) -> UInt { UInt(value & 0xFFFF_FFFF) }
    if thread.frame.vector == 0x81 {
      guard let word = ProgramMemory.readWord32(argument(thread.frame.rbp)) else {
        thread.result = ErrorNumber.badAddress.result
        return
      }
      thread.frame.rbp = UInt64(word)
    }
    let call = Call(
      thread: thread, process: thread.fields.process, abi: .i386, a: argument(thread.frame.rbx),
      b: argument(thread.frame.rcx), c: argument(thread.frame.rdx), d: argument(thread.frame.rsi),
      e: argument(thread.frame.rdi), f: argument(thread.frame.rbp))
  #endif
  answer(call, SystemCall(i386: number), number)
}

#if !arch(i386)
  /// A call of a program of x86_64.
  @inline(never)
  private func performX86() {
    let thread = ProgramThreadReference.current
    let number = UInt(thread.frame.rax)
    if number >= PortCall.first, answerPort(thread, number) { return }
    thread.frame.errorCode = thread.frame.rax
    let call = Call(
      thread: thread, process: thread.fields.process, abi: .x86_64, a: UInt(thread.frame.rdi),
      b: UInt(thread.frame.rsi), c: UInt(thread.frame.rdx), d: UInt(thread.frame.r10),
      e: UInt(thread.frame.r8),
      f: UInt(thread.frame.r9))
    answer(call, SystemCall(x86_64: number), number)
  }

  /// Whether only the running thread's `rax` has changed; asked once for each call.
  @inline(__always)
  private func takeUnchanged() -> Bool {
    let thread = ProgramThreadReference.current
    if !thread.fields.isChanged { return true }
    thread.fields.isChanged = false
    return false
  }
#endif

/// Answers a call of Apus's own (PortCalls.swift), whose arguments are in the registers of this architecture's programs;
/// `false` if there is none such.
@inline(__always)
private func answerPort(_ thread: ProgramThreadReference, _ number: UInt) -> Bool {
  #if arch(i386)
    let arguments = PortArguments(
      a: UInt(thread.frame.ebx), b: UInt(thread.frame.ecx), c: UInt(thread.frame.edx),
      d: UInt(thread.frame.esi), e: UInt(thread.frame.edi))
    // Only one call has a sixth argument; by sysenter it lies on the program's stack.
    let last =
      thread.frame.vector == 0x81 && number == PortCall.timedCall
      ? UInt(ProgramMemory.readWord32(UInt(thread.frame.ebp)) ?? 0) : UInt(thread.frame.ebp)
  #else
    let arguments = PortArguments(
      a: UInt(thread.frame.rdi), b: UInt(thread.frame.rsi), c: UInt(thread.frame.rdx),
      d: UInt(thread.frame.r10), e: UInt(thread.frame.r8))
    let last = UInt(thread.frame.r9 & 0xFFFF_FFFF)
  #endif
  guard let result = performPort(number, thread, arguments, limit: last) else { return false }
  finishPort(thread, result)
  return true
}

#if !arch(i386)
  /// The same for programs of i386.
  @inline(never)
  private func answerPort32(_ thread: ProgramThreadReference, _ number: UInt) -> Bool {
    func argument(_ value: UInt64) -> UInt { UInt(value & 0xFFFF_FFFF) }
    let arguments = PortArguments(
      a: argument(thread.frame.rbx), b: argument(thread.frame.rcx), c: argument(thread.frame.rdx),
      d: argument(thread.frame.rsi), e: argument(thread.frame.rdi))
    let last =
      thread.frame.vector == 0x81 && number == PortCall.timedCall
      ? UInt(ProgramMemory.readWord32(argument(thread.frame.rbp)) ?? 0) : argument(thread.frame.rbp)
    guard let result = performPort(number, thread, arguments, limit: last) else { return false }
    finishPort(thread, result)
    return true
  }
#endif

@inline(__always)
private func finishPort(_ thread: ProgramThreadReference, _ result: Int) {
  thread.result = result
  if thread.fields.context.hasWork { Programs().leave(thread, fromCall: true) }
}

/// Goes on where a short way has ended otherwise than usual; answers as a handler does.
@inline(never)
func endQuickly(_ outcome: Int) -> Bool {
  let thread = ProgramThreadReference.current
  if outcome == QuickCalls.generally {
    #if arch(i386)
      performI386()
    #else
      performX86()
    #endif
  } else {
    thread.result = outcome == QuickCalls.again ? Programs.restartAlways : outcome - Int.min
    Programs().leave(thread, fromCall: true)
  }
  #if arch(i386)
    return true
  #else
    return takeUnchanged()
  #endif
}

/// Performs a call and sees to what there is before the program goes on.
@inline(__always)
private func answer(_ call: Call, _ name: SystemCall, _ number: UInt) {
  let programs = call.programs
  let start = programs.system.isProfiling ? ProfileRecords.runTicks() : 0
  let result: Int
  do throws(ErrorNumber) { result = try call.perform(name) } catch {
    if error == .noSuchCall { noteUnknown(call, number) }
    result = error.result
  }
  call.thread.result = result
  if programs.system.isProfiling {
    ProfileRecords.note(call.process, name, number: number, start: start, result)
  }
  // Whoever was woken and is as urgent shares the level; only a more urgent one runs at once.
  programs.settle()
  if call.thread.fields.context.hasWork { programs.leave(call.thread, fromCall: true) }
}

/// Counts a call that is not performed, and names it when the log shows so much.
@inline(never)
private func noteUnknown(_ call: Call, _ number: UInt) {
  call.process.fields.unknownCalls &+= 1
  call.programs.system.unknownCalls &+= 1
  guard NodeReference().node.options.log == .debug else { return }
  var name = Text()
  SystemCallNames.forEachByte(number: Int(min(number, 100_000)), isI386: call.abi == .i386) {
    name.append(byte: $0)
  }
  log(
    .debug, "programs",
    "process \(call.process.fields.number): call \(UInt64(number)) \(name) is not performed")
}
