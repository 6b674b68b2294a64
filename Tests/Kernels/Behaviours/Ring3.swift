/// Behaviours of code in ring 3: how it enters the kernel and what it may not do.

import ABI
import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Paging
import Provocations
import Runtime
import Scheduling
import X86

/// Does what is asked for with a program in ring 3.
///
/// Returns whether it was asked for.
func runRing3() -> Bool {
  guard isAskedFor("ring3") else { return false }
  start(ThreadName("starter"), startProgram)
  Threads.idle()
}

/// The record of the one thread; there is nothing behind its context.
private let recordAddress: UInt = 0x3000

private func startProgram(_: UInt) -> UInt {
  let code = mapPage(at: 0x10000, .readExecute, isUser: true)
  copy(provocation_ring3_code(), Int(provocation_ring3_size()), to: code)
  _ = mapPage(at: 0x11000, .readWrite, isUser: true)
  _ = mapPage(at: recordAddress, .readWrite, isUser: false)
  Processor.block.gate.handler = { frame in
    report(frame)
    return true
  }
  #if arch(i386)
    let page = mapPage(at: 0x20000, .readExecute, isUser: true)
    copy(symbol_system_call_page(), Int(symbol_system_call_page_end() - symbol_system_call_page()), to: page)
  #else
    Processor.block.gate.limit32 = 512
    Processor.block.gate.answers32[20] = UInt8(MemoryLayout<UInt>.size)
    Processor.block.gate.answers[39] = UInt8(MemoryLayout<UInt>.size)
  #endif
  Processor.block.gate.answers[20] = UInt8(MemoryLayout<UInt>.size)
  Processor.block.gate.limit = 512
  Processor.block.gate.exceptionHandler = { frame in
    guard let frame = unsafe UnsafePointer<TrapFrame>(bitPattern: frame) else { fail("no frame") }
    // SAFETY: the kernel passes the frame of the exception.
    guard unsafe frame.pointee.vector == 13 else {
      fail("vector \(unsafe UInt64(frame.pointee.vector)) in ring 3")
    }
    pass("ring 3 was left by a general protection fault")
  }
  guard let record = unsafe UnsafeMutablePointer<ProgramContext>(bitPattern: recordAddress) else { return 1 }
  var context = ProgramContext()
  context.process = 4711
  #if arch(i386)
    context.sysenterReturn = 0x20000 + symbol_system_call_page_return() - symbol_system_call_page()
  #endif
  // SAFETY: the page has just been mapped for the record.
  unsafe record.initialize(to: context)
  var frame = TrapFrame()
  #if arch(i386)
    (frame.eip, frame.cs, frame.eflags) = (0x10000, UInt32(Selectors32.userCode), 0x202)
    (frame.espOfOuterRing, frame.ssOfOuterRing) = (0x12000, UInt32(Selectors32.userData))
    let data = UInt32(Selectors32.userData)
    (frame.ds, frame.es) = (data, data)
  #else
    (frame.rip, frame.cs, frame.rflags) = (0x10000, UInt64(Selectors64.userCode64), 0x202)
    (frame.rsp, frame.ss) = (0x12000, UInt64(Selectors64.userData))
  #endif
  cpu_cli()
  let level = PriorityLevel(truncating: 10)
  guard
    (try? unsafe Threads.createProgram(
      ThreadName("program"), level: level, space: cpu_read_cr3(), registers: &frame, record: record)) != nil
  else { fail("no thread") }
  cpu_sti()
  return 0
}

/// What the program reports of its calls.
private func report(_ address: UInt) {
  guard let frame = unsafe UnsafeMutablePointer<TrapFrame>(bitPattern: address) else { fail("no frame") }
  // SAFETY: the entry passes the frame that it has just pushed.
  #if arch(i386)
    let (number, kind) = unsafe (UInt(frame.pointee.eax), UInt(frame.pointee.ebx))
    let (ticks, answer) = unsafe (UInt(frame.pointee.ecx), UInt(frame.pointee.edx))
  #else
    let (number, kind) = unsafe (UInt(frame.pointee.rax), UInt(frame.pointee.rdi))
    let (ticks, answer) = unsafe (UInt(frame.pointee.rsi), UInt(frame.pointee.rdx))
  #endif
  if number == 400 {
    #if arch(i386)
      unsafe frame.pointee.eax = 4711
    #else
      unsafe frame.pointee.rax = 4711
    #endif
    return
  }
  guard number == 500 else { fail("call \(number)") }
  guard answer == 4711 else { fail("way \(kind) answered \(answer)") }
  // Not counted: the instructions of the measurement itself.
  let name: StaticString = kind == 1 ? "by the fast way" : kind == 2 ? "by int 0x80" : "by the full path"
  log(.info, "test", "getpid \(name): \(ticks - 4) ticks")
}

/// Maps a new frame and returns where the kernel sees it.
private func mapPage(at address: UInt, _ access: Access, isUser: Bool) -> UInt {
  let reference = NodeReference()
  guard let frame = try? reference.node.frames.allocate(for: .program), let tables = reference.node.tables
  else {
    fail("no frame")
  }
  Frames.clear(frame)
  var memory = NodeTableMemory()
  do {
    try tables.map(frame, at: VirtualAddress(address), PageAttributes(access, isUser: isUser), in: &memory)
  } catch { fail("not mapped") }
  return Frames.address(of: frame).rawValue
}

private func copy(_ source: UInt, _ count: Int, to target: UInt) {
  for index in 0..<UInt(count) { cpu_store8(target + index, cpu_load8(source + index)) }
}
