/// Handlers of signals: into them, and back.

import Arch
import CMachine
import LinuxABI
import Processes
import ProgramRecords
import Runtime
import Scheduling
import Signals

extension Programs {
  /// Makes a thread go on in a handler.
  @inline(never)
  package func deliver(
    _ signal: SignalNumber, _ information: SignalInformation, _ action: SignalAction,
    to thread: ProgramThreadReference
  ) {
    let process = thread.fields.process
    var registers = thread.registers
    let kind: SignalFrame.Kind =
      process.fields.abi == .x86_64
      ? .x86_64 : action.flags.contains(.information) ? .i386WithInformation : .i386
    var pointer = registers.sp
    let stack = thread.fields.stack
    if action.flags.contains(.onStack), stack.size != 0, !stack.contains(pointer) {
      pointer = stack.start + stack.size
    }
    guard
      let frame = SignalFrame(
        kind, below: pointer, stateSize: UInt64(FloatingPointFrame.size(kind)),
        keepsRedZone: pointer == registers.sp),
      action.flags.contains(.restorer),
      write(
        frame,
        SignalFrame.Contents(
          signal, information, registers, mask: thread.fields.savedMask ?? thread.fields.mask, stack: stack,
          restorer: action.restorer)),
      FloatingPointFrame.write(to: frame.state, kind)
    else {
      end(process, .killed(by: Int32(SignalNumber.segmentation.rawValue)))
      return
    }
    thread.fields.savedMask = nil
    thread.fields.mask |= action.mask & ~SignalSets.unblockable
    if !action.flags.contains(.noDefer) { thread.fields.mask |= signal.mask }
    if action.flags.contains(.reset) { process.fields.actions[signal] = SignalAction() }
    registers.ip = action.handler
    registers.sp = frame.address
    // The direction flag is clear in a handler, and nothing is traced.
    registers.flags &= ~0x1_0500
    // Whatever code was interrupted: a handler is code of the program's own interface, with the usual data.
    registers.cs = Selectors.code(process.fields.abi)
    registers.ss = Selectors.data
    if kind != .x86_64 { (registers.ds, registers.es) = (Selectors.data, Selectors.data) }
    if kind == .x86_64 {
      (registers.di, registers.ax) = (UInt64(signal.rawValue), 0)
      (registers.si, registers.dx) = (frame.address + 312, frame.address + 8)
    } else {
      registers.ax = UInt64(signal.rawValue)
      registers.dx = kind == .i386 ? 0 : frame.address + 16
      registers.cx = kind == .i386 ? 0 : frame.address + 144
    }
    thread.registers = registers
    thread.fields.isChanged = true
  }

  @inline(never)
  private func write(_ frame: SignalFrame, _ contents: SignalFrame.Contents) -> Bool {
    var bytes: InlineArray<440, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    frame.write(contents, to: &span)
    return ProgramMemory.write(
      bytes.span.extracting(0..<frame.kind.size), to: UInt(truncatingIfNeeded: frame.address))
  }

  /// The calls `sigreturn` and `rt_sigreturn`.
  ///
  /// - Parameter withInformation: whether it is the second.
  @export(interface)
  public func returnFromHandler(_ thread: ProgramThreadReference, withInformation: Bool) {
    let process = thread.fields.process
    let now = thread.registers
    let kind: SignalFrame.Kind =
      process.fields.abi == .x86_64 ? .x86_64 : withInformation ? .i386WithInformation : .i386
    // The handler's return took the first word of the frame; the one of i386 without information took two.
    let address = now.sp &- (kind == .x86_64 || kind == .i386 ? 8 : 4)
    var bytes: InlineArray<440, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    guard
      ProgramMemory.read(
        UInt(truncatingIfNeeded: kind == .x86_64 ? address : address & 0xFFFF_FFFF), count: kind.size,
        into: &span)
    else {
      end(process, .killed(by: Int32(SignalNumber.segmentation.rawValue)))
      return
    }
    let back = SignalFrame.read(kind, from: bytes.span.extracting(0..<kind.size), current: now)
    guard FloatingPointFrame.read(from: back.state, kind) else {
      end(process, .killed(by: Int32(SignalNumber.segmentation.rawValue)))
      return
    }
    thread.fields.mask = back.mask
    thread.registers = back.registers
    if let stack = back.stack, stack.size == 0 || stack.size >= AlternateStack.leastSize {
      thread.fields.stack = stack
    }
    thread.fields.isChanged = true
    // What the mask has let in.
    if pendingSet(thread) & ~back.mask != 0 { thread.fields.context.hasWork = true }
  }
}
