/// Calls about timers that a process makes: `timer_create` and its kin.

import Clocks
import LinuxABI
import Processes
import ProgramRecords
import ProgramSignals
import Signals

extension Call {
  /// `timer_create`.
  @inline(never)
  func makeTimer() throws(ErrorNumber) -> Int {
    guard let clock = ClockNumber(rawValue: Self.int(a)), clock.isForTimers else { throw .invalidArgument }
    let table = TimersReference(of: process) ?? TimersReference(for: process)
    guard let number = table.timers.freeNumber else { throw .tryAgain }
    // Without a structure the signal tells the timer's number.
    let timer =
      b == 0
      ? ProgramTimer(clock, .process, signal: Int32(SignalNumber.alarm.rawValue), value: UInt64(number))
      : try loadTimer(clock, at: b)
    try store(UInt64(number), 4, at: c)
    _ = table.timers.add(timer)
    return 0
  }

  /// Reads a `struct sigevent`: value, signal, kind, thread.
  @inline(never)
  private func loadTimer(_ clock: ClockNumber, at address: UInt) throws(ErrorNumber) -> ProgramTimer {
    let word = UInt(abi.wordSize)
    let value = UInt64(try loadWord(address))
    let signal = Int32(truncatingIfNeeded: try load(address &+ word, 4))
    let kind = try load(address &+ word &+ 4, 4)
    let notice: TimerNotice
    switch kind {
    case 0, 2: notice = .process  // SIGEV_SIGNAL; SIGEV_THREAD is the library's affair
    case 1: notice = .none
    case 4:
      let number = Int32(truncatingIfNeeded: try load(address &+ word &+ 8, 4))
      guard let thread = programs.thread(number), thread.fields.process == process else {
        throw .invalidArgument
      }
      notice = .thread(number)
    default: throw .invalidArgument
    }
    guard notice == .none || signal > 0 && signal <= 64 else { throw .invalidArgument }
    return ProgramTimer(clock, notice, signal: signal, value: value)
  }

  /// The timer that `a` names, and where it is.
  @inline(never)
  private func timerTable() throws(ErrorNumber) -> (table: TimersReference, timer: ProgramTimer) {
    guard let table = TimersReference(of: process), let timer = table.timers.timer(Int(Self.int(a))) else {
      throw .invalidArgument
    }
    return (table, timer)
  }

  /// `timer_settime`.
  @inline(never)
  func setMadeTimer(_ layout: TimeLayout) throws(ErrorNumber) -> Int {
    var (table, timer) = try timerTable()
    guard c != 0 else { throw .invalidArgument }
    let interval = try loadDuration(c, layout)
    let time = try loadDuration(c &+ timeSize(layout), layout)
    let now = programs.uptime
    if d != 0 { try storeTimer(&timer, at: d, layout, now) }
    var setting = IntervalSetting()
    if time != 0 {
      if b & 1 == 0 {
        setting.set(delay: time, interval: interval, now: now)
      } else if timer.clock.isMonotonic {
        setting.set(due: time, interval: interval)
      } else {
        let start = programs.system.startTime
        setting.set(due: time > start ? time - start : 0, interval: interval)
      }
    }
    timer.set(setting)
    table.timers.change(Int(Self.int(a)), to: timer)
    programs.noteTimer(process)
    return 0
  }

  /// `timer_gettime`.
  @inline(never)
  func madeTimer(_ layout: TimeLayout) throws(ErrorNumber) -> Int {
    var (table, timer) = try timerTable()
    try storeTimer(&timer, at: b, layout, programs.uptime)
    table.timers.change(Int(Self.int(a)), to: timer)
    return 0
  }

  /// `timer_getoverrun`.
  @inline(never)
  func missedTimer() throws(ErrorNumber) -> Int { Int(try timerTable().timer.overrun) }

  /// `timer_delete`.
  @inline(never)
  func deleteTimer() throws(ErrorNumber) -> Int {
    let table = try timerTable().table
    _ = table.timers.remove(Int(Self.int(a)))
    return 0
  }

  @inline(never)
  private func storeTimer(
    _ timer: inout ProgramTimer, at address: UInt, _ layout: TimeLayout, _ now: UInt64
  ) throws(ErrorNumber) {
    let left = timer.remaining(at: now)
    try storeTime(timer.setting.interval, at: address, layout)
    try storeTime(left, at: address &+ timeSize(layout), layout)
  }

  private func timeSize(_ layout: TimeLayout) -> UInt { layout == .wideSpec ? 16 : 2 * UInt(abi.wordSize) }
}
