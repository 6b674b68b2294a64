/// What a program raises by what it does: faults become pages or signals.

import AddressSpace
import Arch
import CMachine
import LinuxABI
import Log
import Processes
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import Signals
import UserMemory
import X86

extension Programs {
  /// Lets exceptions of programs come here; once.
  static func takeExceptions() {
    Processor.block.gate.exceptionHandler = { frame in Programs().exception(frame) }
    Processor.block.gate.leaveHandler = { _ in
      let thread = ProgramThreadReference.current
      if thread.fields.context.hasWork { Programs().leave(thread, fromCall: false) }
    }
  }

  private func exception(_ frameAddress: UInt) {
    let thread = ProgramThreadReference.current
    let vector = UInt8(truncatingIfNeeded: thread.frame.vector)
    if vector == ExceptionVector.pageFault.rawValue {
      pageFault(thread)
    } else {
      let (signal, code) = Self.meaning(of: vector)
      force(signal, code: code, address: UInt64(thread.programCounter), on: thread)
    }
    if thread.fields.context.hasWork { leave(thread, fromCall: false) }
  }

  private func pageFault(_ thread: ProgramThreadReference) {
    let address = cpu_read_cr2()
    let error = PageFaultError(rawValue: UInt32(truncatingIfNeeded: thread.frame.errorCode))
    // The page is there, and the processor was stopped by the kernel's own protection (SMAP) although a program ran: no
    // processor does this, but QEMU's translator does for iret in ring 3. It would be so every time.
    if error.contains(.protection), !error.contains(.user) {
      force(.segmentation, code: SignalInformation.kernelCode, address: 0, on: thread)
      return
    }
    switch UserMemory.fault(error, at: address, in: &thread.fields.process.fields.space.space) {
    case .resolved: break
    case .notMapped: force(.segmentation, code: 1, address: UInt64(address), on: thread)
    case .notAllowed: force(.segmentation, code: 2, address: UInt64(address), on: thread)
    case .beyondFile: force(.busError, code: 2, address: UInt64(address), on: thread)
    case .outOfMemory: endForMemory(thread)
    }
  }

  /// There is no memory for a page that a process touches: it can't go on.
  public func endForMemory(_ thread: ProgramThreadReference) {
    let process = thread.fields.process
    guard process.fields.ending == nil else { return }
    log(
      .error, "programs",
      "out of memory: process \(process.fields.number) is ended, \(process.fields.space.space.residentCount) pages"
    )
    end(process, .killed(by: 9))
    thread.fields.context.hasWork = true
  }

  /// The signal and the code for an exception.
  private static func meaning(of vector: UInt8) -> (SignalNumber, Int32) {
    if let known = ProcessorFault.signal(of: vector) { return known }
    return (.arithmetic, FloatingPointFrame.exceptionCode(isVector: vector == 19))
  }

  /// Sends a signal that a thread has caused itself: it can't be blocked or ignored, or the instruction would only
  /// repeat it.
  @inline(never)
  public func force(_ signal: SignalNumber, code: Int32, address: UInt64, on thread: ProgramThreadReference) {
    let process = thread.fields.process
    if process.fields.actions[signal].isIgnored || thread.fields.mask & signal.mask != 0 {
      process.fields.actions[signal] = SignalAction()
      thread.fields.mask &= ~signal.mask
    }
    thread.fields.pending.insert(signal, SignalInformation(code: code, value: address))
    thread.fields.context.hasWork = true
  }
}
