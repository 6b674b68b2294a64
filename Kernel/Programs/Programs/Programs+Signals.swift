/// Sending signals, and what threads do about them before they go on.

import Arch
import Base
import CMachine
import LinuxABI
import Log
import Processes
import Runtime
import Scheduling
import Signals
import UserMemory
import X86

extension Programs {
  // MARK: - Sending

  /// Sends a signal to a process, or to one thread of it.
  ///
  /// - Returns: `false` if it should have been queued and there was no room.
  @export(interface) @discardableResult
  public func send(
    _ signal: SignalNumber, _ information: SignalInformation, to process: ProcessReference,
    thread target: ProgramThreadReference? = nil
  ) -> Bool {
    guard process.fields.ending == nil else { return true }
    if signal == .goOn || signal == .kill {
      process.fields.pending.remove(SignalSets.stops)
      resume(process)
    }
    if SignalSets.stops & signal.mask != 0 { process.fields.pending.remove(SignalNumber.goOn.mask) }
    let isBlocked = target.map { $0.fields.mask & signal.mask != 0 } ?? allBlock(signal, in: process)
    // What is ignored and not even waited for has no effect.
    if process.fields.actions.ignores(signal), !isBlocked { return true }
    let isKept: Bool
    if let target {
      isKept = target.fields.pending.insert(signal, information)
      notify(target, signal)
    } else {
      isKept = process.fields.pending.insert(signal, information)
      var next = process.fields.firstThread
      while let thread = next {
        next = thread.fields.next
        if thread.fields.mask & signal.mask == 0 {
          notify(thread, signal)
          // One thread will take it; the end and a stop are everybody's.
          if signal != .kill { break }
        }
      }
    }
    return isKept
  }

  private func allBlock(_ signal: SignalNumber, in process: ProcessReference) -> Bool {
    var next = process.fields.firstThread
    while let thread = next {
      if thread.fields.mask & signal.mask == 0 { return false }
      next = thread.fields.next
    }
    return true
  }

  /// Makes a thread look at its signals soon.
  func notify(_ thread: ProgramThreadReference, _ signal: SignalNumber) {
    guard thread.fields.mask & signal.mask == 0 else { return }
    interrupt(thread)
  }

  /// Makes a thread see to what there is: at once if it waits.
  public func interrupt(_ thread: ProgramThreadReference) {
    thread.fields.context.hasWork = true
    if let kernelThread = thread.fields.thread, kernelThread.state == .waiting {
      do { try NodeReference().node.threads.scheduler.cancelWait(of: kernelThread) } catch {}
    }
  }

  /// Sends a signal to every process of a group.
  ///
  /// - Returns: whether there was one.
  @export(interface) @discardableResult
  public func send(
    _ signal: SignalNumber, _ information: SignalInformation, toGroup group: Int32,
    by sender: ProcessReference? = nil
  ) -> Bool {
    var isFound = false
    let programs = self
    system.processes.forEachProcess(inGroup: group) { _, payload in
      guard let process = ProcessReference(payload: payload) else { return }
      if let sender, !sender.fields.credentials.maySignal(process.fields.credentials) { return }
      isFound = true
      programs.send(signal, information, to: process)
    }
    return isFound
  }

  // MARK: - Stops

  /// Stops a process: its threads wait before they would go on.
  func stop(_ process: ProcessReference, by signal: SignalNumber) {
    guard !process.fields.isStopped else { return }
    process.fields.isStopped = true
    var next = process.fields.firstThread
    while let thread = next {
      next = thread.fields.next
      interrupt(thread)
    }
    if let parent = system.processes.noteStop(of: process.fields.number, by: Int32(signal.rawValue)) {
      tellParent(parent, of: process.fields.number, code: 5, status: Int32(signal.rawValue), isStop: true)
    }
  }

  /// Lets a stopped process go on.
  func resume(_ process: ProcessReference) {
    guard process.fields.isStopped else { return }
    process.fields.isStopped = false
    var next = process.fields.firstThread
    while let thread = next {
      next = thread.fields.next
      wakeAll(thread.queue)
    }
    if let parent = system.processes.noteStop(of: process.fields.number, by: nil) {
      tellParent(parent, of: process.fields.number, code: 6, status: 18, isStop: true)
    }
  }

  /// Sends SIGCHLD to a parent and wakes it if it waits for children.
  func tellParent(_ parent: Int32, of child: Int32, code: Int32, status: Int32, isStop: Bool) {
    guard let process = process(parent) else { return }
    if !isStop || !process.fields.actions[.child].flags.contains(.noChildStop) {
      send(
        .child,
        SignalInformation(code: code, process: child, user: 0, value: UInt64(truncatingIfNeeded: status)),
        to: process)
    }
    wakeAll(process.children)
  }

  // MARK: - Going on

  /// Sees to all that there is before a thread's program goes on: ends, stops, signals.
  ///
  /// - Parameter call: whether it comes from a call, which may have to begin again.
  @export(interface)
  public func leave(_ thread: ProgramThreadReference, fromCall call: Bool) {
    var mayRestart = call
    let process = thread.fields.process
    while true {
      if process.fields.ending != nil || thread.fields.isEnding { endThread(thread) }
      if process.fields.isStopped {
        thread.fields.context.hasWork = false
        _ = NodeReference().node.threads.scheduler.block(on: thread.queue, until: .max)
        _ = NodeReference().node.threads.waitForOutcome(isTimed: false)
        thread.fields.context.hasWork = true
        continue
      }
      thread.fields.context.hasWork = false
      guard let (signal, information) = takeSignal(thread) else {
        if mayRestart { restartWithoutHandler(thread) }
        if let saved = thread.fields.savedMask {
          thread.fields.mask = saved
          thread.fields.savedMask = nil
          // What was blocked by it alone.
          if pendingSet(thread) & ~saved != 0 { continue }
        }
        return
      }
      thread.fields.context.hasWork = true
      let action = process.fields.actions[signal]
      if action.isIgnored { continue }
      if action.isDefault {
        if mayRestart, DefaultAction(of: signal) != .stop {
          mayRestart = perform(signal, thread) || mayRestart
        } else {
          _ = perform(signal, thread)
        }
        continue
      }
      if mayRestart { restart(thread, mayRepeat: action.flags.contains(.restart)) }
      mayRestart = false
      deliver(signal, information, action, to: thread)
    }
  }

  func pendingSet(_ thread: ProgramThreadReference) -> UInt64 {
    thread.fields.pending.set | thread.fields.process.fields.pending.set
  }

  private func takeSignal(_ thread: ProgramThreadReference) -> (SignalNumber, SignalInformation)? {
    let allowed = ~thread.fields.mask
    var taken = thread.fields.pending.take(allowed)
    if taken == nil { taken = thread.fields.process.fields.pending.take(allowed) }
    guard let (signal, information) = taken else { return nil }
    return (signal, completed(information, of: thread.fields.process))
  }

  /// Does what a signal does by default.
  ///
  /// - Returns: whether nothing came of it.
  @inline(never)
  private func perform(_ signal: SignalNumber, _ thread: ProgramThreadReference) -> Bool {
    let process = thread.fields.process
    let isInitial = process.fields.number == system.processes.initialProcess
    switch DefaultAction(of: signal) {
    case .ignore, .goOn: return true
    case .stop:
      if isInitial { return true }
      if signal != .stop, let group = try? system.processes.group(of: process.fields.number),
        system.processes.isOrphaned(group: group)
      {
        return true
      }
      stop(process, by: signal)
      return false
    case .terminate, .dumpCore:
      // The first process ends by its own will, or by a fault of its own.
      if isInitial, DefaultAction(of: signal) == .terminate { return true }
      if DefaultAction(of: signal) == .dumpCore {
        log(
          .debug, "programs",
          "process \(process.fields.number) ended by signal \(UInt32(signal.rawValue)) at \(hexadecimal: UInt64(thread.programCounter))"
        )
      }
      end(process, .killed(by: Int32(signal.rawValue)))
      return false
    }
  }

  // MARK: - Restart

  /// What a call answers that a signal has interrupted; a program never sees it.
  public static var restartAlways: Int { -512 }  // unless a handler without SA_RESTART ran
  /// Unless any handler ran.
  public static var restartWithoutHandler: Int { -514 }
  /// A sleep, whose end stays where it was.
  public static var restartSleep: Int { -516 }

  /// A handler runs: the call is repeated after it, or has been interrupted.
  private func restart(_ thread: ProgramThreadReference, mayRepeat: Bool) {
    let result = thread.result
    switch result {
    case Self.restartAlways where mayRepeat: thread.repeatCall()
    case Self.restartAlways, Self.restartWithoutHandler, Self.restartSleep: thread.result = -4
    default: break
    }
  }

  /// No handler runs: the call is repeated.
  private func restartWithoutHandler(_ thread: ProgramThreadReference) {
    switch thread.result {
    case Self.restartAlways, Self.restartWithoutHandler: thread.repeatCall()
    case Self.restartSleep: thread.repeatCall()
    default: break
    }
  }

  // MARK: - Handlers

  /// Makes a thread go on in a handler.
  @inline(never)
  private func deliver(
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
