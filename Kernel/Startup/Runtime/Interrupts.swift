/// Where every interrupt and exception arrives, from the stubs in `Kernel/Machine/Arch/*/Interrupts.asm`.

import Arch
import Base
import CMachine
import Core
import Interrupts
import Log
import Scheduling
import Sync
import Trace
import X86

@c(interrupt_dispatch)
func interruptDispatch(_ frameAddress: UnsafeMutableRawPointer) {
  // SAFETY: the stub passes the frame that it has just pushed, and nothing else refers to it meanwhile.
  let frame = unsafe frameAddress.assumingMemoryBound(to: TrapFrame.self)
  let vector = UInt8(truncatingIfNeeded: unsafe frame.pointee.vector)
  guard let exception = ExceptionVector(rawValue: vector) else {
    if vector == LocalInterruptController.timerVector {
      timerInterrupt()
    } else {
      deviceInterrupt(vector)
      // Whoever is most urgent now runs: the check on leaving every handler.
      NodeReference().node.threads.settle()
    }
    if unsafe frame.pointee.ring == 3, let leave = Processor.block.gate.leaveHandler {
      leave(UInt(bitPattern: frameAddress))
    }
    return
  }
  if exception == .deviceNotAvailable, NodeReference().node.threads.openFloatingPoint() { return }
  if unsafe frame.pointee.ring == 3, let handler = Processor.block.gate.exceptionHandler {
    handler(UInt(bitPattern: frameAddress))
    return
  }
  if exception == .pageFault, let handler = Processor.block.gate.copyFaultHandler,
    handler(UInt(bitPattern: frameAddress))
  {
    return
  }
  panic(describe(exception, unsafe frame.pointee), frame: unsafe frame.pointee)
}

#if arch(i386)
  @c(double_fault_task)
  func doubleFaultTask() {
    let frame = taskLeft(by: Processor.block.doubleFaultTask, .doubleFault)
    panic(describe(.doubleFault, frame), frame: frame)
  }

  @c(nmi_task)
  func nonMaskableInterruptTask() {
    let frame = taskLeft(by: Processor.block.nonMaskableTask, .nonMaskableInterrupt)
    panic(describe(.nonMaskableInterrupt, frame), frame: frame)
  }

  private func taskLeft(by task: TaskState32, _ vector: ExceptionVector) -> TrapFrame {
    TrapFrame(leaving: Processor.block.interruptedTask(by: task), vector: UInt32(vector.rawValue))
  }
#endif

private func deviceInterrupt(_ vector: UInt8) {
  let reference = NodeReference()
  if vector == LocalInterruptController.doorbellVector, let handler = reference.node.doorbellHandler {
    LocalInterruptController.endInterrupt()
    reference.node.threads.scheduler.trace.record(.interruptBegin, small: UInt16(vector))
    handler()
    reference.node.threads.scheduler.trace.record(.interruptEnd, small: UInt16(vector))
    return
  }
  guard let line = LegacyInterruptController.line(of: vector), reference.node.lines.isGenuine(line) else {
    // Not acknowledged: the local controller's spurious one must not be, and nothing else is ever asked for.
    reference.node.interrupts.noteSpurious()
    return
  }
  if line == IntervalTimer.interruptLine, reference.node.threads.timer.takeExpected() {
    reference.node.interrupts.noteExpected(line)
    // Before the handler, which may go on with another thread.
    reference.node.lines.acknowledge(line)
    // It records its own beginning and end, because it may switch in between.
    let isTraced = reference.node.threads.scheduler.trace.isOn
    reference.node.threads.deadlineInterrupt(at: cpu_rdtsc(), traced: isTraced ? vector : nil)
    return
  }
  reference.node.threads.scheduler.trace.record(.interruptBegin, small: UInt16(vector))
  watch(line)
  if line == SerialPort.interruptLine { receiveInput() }
  // Behind the handler: a line that is triggered by its level must be quiet before.
  reference.node.lines.acknowledge(line)
  reference.node.threads.scheduler.trace.record(.interruptEnd, small: UInt16(vector))
}

/// Counts an interrupt that nobody has asked for, and stops a line that has gone mad.
private func watch(_ line: UInt8) {
  let reference = NodeReference()
  guard
    reference.node.interrupts.note(
      line, at: cpu_rdtsc(), window: reference.node.clock.ticksPerMillisecond * 10)
  else { return }
  reference.node.lines.hold(line)
  log(.error, "interrupts", "line \(line) is masked: more than \(InterruptCounts.mostInWindow) in 10 ms")
  if line == IntervalTimer.interruptLine, reference.node.threads.timer.source == .interval {
    // Without it time would stand still. Programming it anew stops whatever it was doing.
    reference.node.lines.release(line)
    reference.node.threads.timer.restart()
  }
}

/// Takes what the serial line has received, as far as there is room for it.
///
/// The rest stays with the line, whose other end then waits: so nothing is lost when nobody reads for a while. But the
/// line announces it no more, so whoever empties the queue calls this again.
public func receiveInput() {
  let reference = NodeReference()
  while !reference.node.input.isFull, let byte = reference.node.log.output.serial.receive() {
    reference.node.input.append(byte)
    // At its limit nobody reads, and more units would not help.
    _ = try? reference.node.threads.inputArrived.signal(in: &reference.node.threads.scheduler)
  }
}

/// The next byte that was typed, also one that the line has kept; interrupts are off.
public func nextInput() -> UInt8? {
  let reference = NodeReference()
  if let byte = reference.node.input.removeFirst() { return byte }
  receiveInput()
  return reference.node.input.removeFirst()
}

/// What happened, in words.
private func describe(_ exception: ExceptionVector, _ frame: TrapFrame) -> Text {
  switch exception {
  case .pageFault:
    let error = PageFaultError(rawValue: UInt32(truncatingIfNeeded: frame.errorCode))
    let address = VirtualAddress(cpu_read_cr2())
    var text: Text = "page fault: \(error.accessName) of \(address) by ring \(frame.ring): \(error.causeName)"
    if let stack = StackGuards.owner(ofGuardAt: address) {
      text.append(contentsOf: ", kernel stack overflow: \(stack)")
    }
    return text
  case .doubleFault:
    let address = VirtualAddress(cpu_read_cr2())
    if let stack = StackGuards.owner(ofGuardAt: address) {
      return "double fault (vector 8): kernel stack overflow: \(stack), at \(address)"
    }
    return "double fault (vector 8)"
  case .invalidOpcode:
    // Compiled code ends in ud2 where a check of the language failed; the launcher finds out which.
    return "invalid opcode (vector 6): a check in compiled code failed, or the instruction is unknown"
  default:
    if exception.hasErrorCode {
      return
        "\(exception.name) (vector \(exception.rawValue)), error code \(hexadecimal: UInt32(truncatingIfNeeded: frame.errorCode))"
    }
    return "\(exception.name) (vector \(exception.rawValue))"
  }
}
