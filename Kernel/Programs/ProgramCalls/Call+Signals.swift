/// Calls about signals.

import Arch
import Base
import LinuxABI
import Processes
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import Signals
import UserMemory

extension Call {
  @inline(never)
  private func signal(_ number: UInt) throws(ErrorNumber) -> SignalNumber {
    guard let signal = SignalNumber(rawValue: Int(Self.int(number))) else { throw .invalidArgument }
    return signal
  }

  /// `rt_sigaction`.
  @inline(never)
  func changeAction() throws(ErrorNumber) -> Int {
    guard d == 8 else { throw .invalidArgument }
    let signal = try signal(a)
    let word = UInt(abi.wordSize)
    let old = process.fields.actions[signal]
    if b != 0 {
      guard signal != .kill, signal != .stop else { throw .invalidArgument }
      var action = SignalAction()
      action.handler = UInt64(try loadWord(b))
      action.flags = SignalActionFlags(rawValue: UInt32(truncatingIfNeeded: try loadWord(b &+ word)))
      action.restorer = UInt64(try loadWord(b &+ 2 * word))
      action.mask = try load(b &+ 3 * word, 8) & ~SignalSets.unblockable
      set(action, for: signal)
    }
    if c != 0 {
      try storeWord(UInt(truncatingIfNeeded: old.handler), at: c)
      try storeWord(UInt(old.flags.rawValue), at: c &+ word)
      try storeWord(UInt(truncatingIfNeeded: old.restorer), at: c &+ 2 * word)
      try store(old.mask, 8, at: c &+ 3 * word)
    }
    return 0
  }

  /// `sigaction` of i386: handler, mask, flags, restorer, words all.
  @inline(never)
  func changeOldAction() throws(ErrorNumber) -> Int {
    let signal = try signal(a)
    let old = process.fields.actions[signal]
    if b != 0 {
      guard signal != .kill, signal != .stop else { throw .invalidArgument }
      var action = SignalAction()
      action.handler = try load(b, 4)
      action.mask = try load(b &+ 4, 4) & ~SignalSets.unblockable
      action.flags = SignalActionFlags(rawValue: UInt32(truncatingIfNeeded: try load(b &+ 8, 4)))
      action.restorer = try load(b &+ 12, 4)
      set(action, for: signal)
    }
    if c != 0 {
      try store(old.handler, 4, at: c)
      try store(old.mask, 4, at: c &+ 4)
      try store(UInt64(old.flags.rawValue), 4, at: c &+ 8)
      try store(old.restorer, 4, at: c &+ 12)
    }
    return 0
  }

  @inline(never)
  private func set(_ action: SignalAction, for signal: SignalNumber) {
    process.fields.actions[signal] = action
    // What is ignored from now on is forgotten.
    guard process.fields.actions.ignores(signal) else { return }
    process.fields.pending.remove(signal.mask)
    var next = process.fields.firstThread
    while let thread = next {
      thread.fields.pending.remove(signal.mask)
      next = thread.fields.next
    }
  }

  /// `rt_sigprocmask`, and with `size` 4 `sigprocmask`.
  @inline(never)
  func changeMask(size: Int) throws(ErrorNumber) -> Int {
    let old = thread.fields.mask
    if b != 0 {
      let set = try load(b, size)
      let whole: UInt64 = size == 4 ? 0xFFFF_FFFF : .max
      var new = old
      switch a {
      case 0: new |= set
      case 1: new &= ~set
      case 2: new = old & ~whole | set
      default: throw .invalidArgument
      }
      setMask(new)
    }
    if c != 0 { try store(old, size, at: c) }
    return 0
  }

  /// Sets the mask; a signal that it lets in is seen to before the call is left.
  @inline(never)
  func setMask(_ mask: UInt64) {
    thread.fields.mask = mask & ~SignalSets.unblockable
    if pending & ~thread.fields.mask != 0 { thread.fields.context.hasWork = true }
  }

  private var pending: UInt64 { thread.fields.pending.set | process.fields.pending.set }

  @inline(never)
  func pendingSignals(size: Int) throws(ErrorNumber) -> Int {
    try store(pending & thread.fields.mask, size, at: a)
    return 0
  }

  /// `rt_sigsuspend`, `sigsuspend` and `pause`: waits for a signal that is not in the mask.
  @inline(never)
  func suspend(_ mask: UInt64?) throws(ErrorNumber) -> Int {
    if let mask {
      thread.fields.savedMask = thread.fields.mask
      setMask(mask)
    }
    while programs.wait(in: thread.queue) != .interrupted {}
    throw ErrorNumber(rawValue: Int32(-Programs.restartWithoutHandler))
  }

  @inline(never)
  func alternateStack() throws(ErrorNumber) -> Int {
    let word = UInt(abi.wordSize)
    let pointer = thread.registers.sp
    let old = thread.fields.stack
    if a != 0 {
      guard !old.contains(pointer) else { throw .notPermitted }
      var new = AlternateStack()
      let flags = UInt32(truncatingIfNeeded: try load(a &+ word, 4)) & 0x7FFF_FFFF
      guard flags & ~3 == 0 else { throw .invalidArgument }
      if flags & AlternateStack.disabledFlag == 0 {
        new.start = UInt64(try loadWord(a))
        new.size = UInt64(try loadWord(a &+ 2 * word))
        guard new.size >= AlternateStack.leastSize else { throw .outOfMemory }
      }
      thread.fields.stack = new
    }
    if b != 0 {
      try storeWord(UInt(truncatingIfNeeded: old.start), at: b)
      try store(UInt64(old.flags(at: pointer)), 4, at: b &+ word)
      try storeWord(UInt(truncatingIfNeeded: old.size), at: b &+ 2 * word)
    }
    return 0
  }

  // MARK: - Sending

  private var sender: SignalInformation {
    SignalInformation(
      code: SignalInformation.userCode, process: process.fields.number, user: process.fields.credentials.user)
  }

  @inline(never)
  func kill() throws(ErrorNumber) -> Int {
    let target = Self.int(a)
    let number = Self.int(b)
    guard number >= 0, number <= 64 else { throw .invalidArgument }
    let signal = SignalNumber(rawValue: Int(number))
    if target > 0 {
      guard programs.system.processes.isProcess(target) else { throw .noSuchProcess }
      // A zombie takes no signal but is there.
      guard let other = programs.process(target) else { return 0 }
      guard process.fields.credentials.maySignal(other.fields.credentials) else { throw .notPermitted }
      if let signal { programs.send(signal, sender, to: other) }
      return 0
    }
    if target == -1 {
      let own = process.fields.number
      let initial = programs.system.processes.initialProcess
      let (programs, information, credentials) = (programs, sender, process.fields.credentials)
      programs.system.processes.forEachProcess { number, payload in
        guard number != own, number != initial, let signal, let other = ProcessReference(payload: payload),
          credentials.maySignal(other.fields.credentials)
        else { return }
        programs.send(signal, information, to: other)
      }
      return 0
    }
    let group = target == 0 ? Int32(try self.group(of: 0)) : target == .min ? .max : -target
    guard let signal else {
      var isThere = false
      programs.system.processes.forEachProcess(inGroup: group) { _, _ in isThere = true }
      guard isThere else { throw .noSuchProcess }
      return 0
    }
    guard programs.send(signal, sender, toGroup: group, by: process) else { throw .noSuchProcess }
    return 0
  }

  /// `rt_sigqueueinfo`: the program says itself why, but not that the kernel or `kill` had sent it.
  @inline(never)
  func queueSignal() throws(ErrorNumber) -> Int {
    let target = Self.int(a)
    guard Self.int(b) >= 0, Self.int(b) <= 64 else { throw .invalidArgument }
    let union = c &+ (abi == .i386 ? 12 : 16)
    var information = SignalInformation(code: Int32(truncatingIfNeeded: try load(c &+ 8, 4)))
    information.process = Int32(truncatingIfNeeded: try load(union, 4))
    information.user = UInt32(truncatingIfNeeded: try load(union &+ 4, 4))
    information.value = try load(union &+ 8, abi.wordSize)
    let isOwn = target == process.fields.number
    guard isOwn || information.code < 0 && information.code != SignalInformation.threadCode else {
      throw .notPermitted
    }
    guard programs.system.processes.isProcess(target) else { throw .noSuchProcess }
    guard let other = programs.process(target) else { return 0 }
    guard process.fields.credentials.maySignal(other.fields.credentials) else { throw .notPermitted }
    guard let signal = SignalNumber(rawValue: Int(Self.int(b))) else { return 0 }
    guard programs.send(signal, information, to: other) else { throw .tryAgain }
    return 0
  }

  /// `tkill` and `tgkill`.
  @inline(never)
  func killThread(_ number: Int32, of leader: Int32?, _ signalNumber: UInt) throws(ErrorNumber) -> Int {
    guard number > 0, Self.int(signalNumber) >= 0, signalNumber <= 64 else { throw .invalidArgument }
    guard let target = programs.thread(number) else { throw .noSuchProcess }
    let other = target.fields.process
    if let leader, other.fields.number != leader { throw .noSuchProcess }
    guard process.fields.credentials.maySignal(other.fields.credentials) else { throw .notPermitted }
    if let signal = SignalNumber(rawValue: Int(signalNumber)) {
      var information = sender
      information.code = SignalInformation.threadCode
      programs.send(signal, information, to: other, thread: target)
    }
    return 0
  }

  /// `rt_sigtimedwait`.
  @inline(never)
  func awaitSignal(_ layout: TimeLayout) throws(ErrorNumber) -> Int {
    guard d == 8 else { throw .invalidArgument }
    let wanted = try load(a, 8) & ~SignalSets.unblockable
    let end = c == 0 ? UInt64.max : programs.uptime &+ (try loadDuration(c, layout))
    let tick = programs.tick(atUptime: end)
    while true {
      var taken = thread.fields.pending.take(wanted)
      if taken == nil { taken = process.fields.pending.take(wanted) }
      if let (signal, information) = taken {
        if b != 0 {
          var bytes: InlineArray<128, UInt8> = .init(repeating: 0)
          var span = bytes.mutableSpan
          programs.completed(information, of: process).write(signal, abi, to: &span, at: 0)
          try store(bytes.span, at: b)
        } else {
          _ = programs.completed(information, of: process)
        }
        return Int(signal.rawValue)
      }
      if c != 0, programs.uptime >= end { throw .tryAgain }
      // Signals that are waited for are blocked; for the wait they are let in, so that they end it.
      let mask = thread.fields.mask
      thread.fields.mask = mask & ~wanted
      let outcome = programs.wait(in: thread.queue, until: tick)
      thread.fields.mask = mask
      if outcome == .interrupted {
        if pending & wanted != 0 { continue }
        throw .interrupted
      }
    }
  }
}
