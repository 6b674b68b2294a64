/// Calls about time and waiting for it, and about words of memory.

import Arch
import Base
import CMachine
import Clocks
import Futex
import LinuxABI
import Processes
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import Signals
import UserMemory

extension Call {
  /// Nanoseconds of a clock; `nil` if there is no such clock.
  @inline(never)
  private func read(_ number: UInt) throws(ErrorNumber) -> UInt64 {
    guard let clock = ClockNumber(rawValue: Self.int(number)) else { throw .invalidArgument }
    switch clock {
    case .realTime, .realTimeCoarse: return programs.timeOfDay
    case .processTime: return programs.processorTime(of: process)
    case .threadTime:
      return programs.nanoseconds(ofTicks: Threads.current.runTicks(isCurrent: true, at: cpu_rdtsc()))
    default: return programs.uptime
    }
  }

  @inline(never)
  func clockTime(_ layout: TimeLayout) throws(ErrorNumber) -> Int {
    try storeTime(try read(a), at: b, layout)
    return 0
  }

  @inline(never)
  func clockResolution(_ layout: TimeLayout) throws(ErrorNumber) -> Int {
    _ = try read(a)
    if b != 0 { try storeTime(1, at: b, layout) }
    return 0
  }

  @inline(never)
  func setClock(_ layout: TimeLayout) throws(ErrorNumber) -> Int {
    guard a == 0 else { throw .invalidArgument }
    guard process.fields.credentials.isSuperuser else { throw .notPermitted }
    let time = try loadDuration(b, layout)
    programs.system.startTime = time &- programs.uptime
    return 0
  }

  @inline(never)
  func timeOfDay() throws(ErrorNumber) -> Int {
    if a != 0 { try storeTime(programs.timeOfDay, at: a, .value) }
    if b != 0 { try store(0, 8, at: b) }
    return 0
  }

  @inline(never)
  func time() throws(ErrorNumber) -> Int {
    let seconds = programs.timeOfDay / 1_000_000_000
    if a != 0 { try storeWord(UInt(truncatingIfNeeded: seconds), at: a) }
    return Int(truncatingIfNeeded: seconds)
  }

  /// `times`, in hundredths of a second.
  @inline(never)
  func times() throws(ErrorNumber) -> Int {
    if a != 0 {
      let word = UInt(abi.wordSize)
      let children = programs.system.processes.childTicks(of: process.fields.number)
      try storeWord(UInt(truncatingIfNeeded: programs.processorTime(of: process) / 10_000_000), at: a)
      try storeWord(0, at: a &+ word)
      try storeWord(
        UInt(truncatingIfNeeded: programs.nanoseconds(ofTicks: children) / 10_000_000), at: a &+ 2 * word)
      try storeWord(0, at: a &+ 3 * word)
    }
    return Int(truncatingIfNeeded: programs.uptime / 10_000_000)
  }

  @inline(never)
  func usage() throws(ErrorNumber) -> Int {
    switch Self.int(a) {
    case 0: try storeUsage(nanoseconds: programs.processorTime(of: process), at: b)
    case -1: try storeUsage(ticks: programs.system.processes.childTicks(of: process.fields.number), at: b)
    case 1: try storeUsage(ticks: Threads.current.runTicks(isCurrent: true, at: cpu_rdtsc()), at: b)
    default: throw .invalidArgument
    }
    return 0
  }

  // MARK: - Sleeping

  /// `nanosleep` and `clock_nanosleep`.
  @inline(never)
  func sleep(
    clock: UInt, isAbsolute: Bool, _ request: UInt, remainder: UInt, _ layout: TimeLayout
  ) throws(ErrorNumber) -> Int {
    guard let number = ClockNumber(rawValue: Self.int(clock)), number != .threadTime else {
      throw .invalidArgument
    }
    let duration = try loadDuration(request, layout)
    var end: UInt64
    if isAbsolute {
      end = duration
      if !number.isMonotonic {
        end = duration > programs.system.startTime ? duration - programs.system.startTime : 0
      }
    } else if thread.fields.sleepEnd != 0 {
      // Begun again after a signal without a handler: the end stays where it was.
      end = thread.fields.sleepEnd
    } else {
      end = programs.uptime.addingReportingOverflow(duration).overflow ? .max : programs.uptime + duration
    }
    thread.fields.sleepEnd = 0
    let tick = programs.tick(atUptime: end)
    while programs.uptime < end {
      if programs.wait(in: thread.queue, until: tick) == .interrupted {
        let now = programs.uptime
        if !isAbsolute {
          if remainder != 0 { try storeTime(end > now ? end - now : 0, at: remainder, layout) }
          thread.fields.sleepEnd = end
          throw ErrorNumber(rawValue: Int32(-Programs.restartSleep))
        }
        throw ErrorNumber(rawValue: Int32(-Programs.restartWithoutHandler))
      }
    }
    return 0
  }

  // MARK: - Timers

  @inline(never)
  func alarm() -> Int {
    let now = programs.uptime
    let left = process.fields.realTimer.remaining(at: now)
    process.fields.realTimer.set(delay: UInt64(a & 0xFFFF_FFFF) * 1_000_000_000, interval: 0, now: now)
    programs.noteTimer(process)
    return Int(truncatingIfNeeded: (left + 999_999_999) / 1_000_000_000)
  }

  @inline(never)
  func timer() throws(ErrorNumber) -> Int {
    guard a <= 2 else { throw .invalidArgument }
    try storeTimer(at: b)
    return 0
  }

  /// The clock that the timer goes by which `a` names.
  private var timerTime: UInt64 { a == 0 ? programs.uptime : programs.processorTime(of: process) }

  @inline(never)
  private func storeTimer(at address: UInt) throws(ErrorNumber) {
    let timer =
      switch a {
      case 0: process.fields.realTimer
      case 1: process.fields.virtualTimer
      default: process.fields.profilingTimer
      }
    try storeTime(timer.interval, at: address, .value)
    try storeTime(timer.remaining(at: timerTime), at: address &+ 2 * UInt(abi.wordSize), .value)
  }

  @inline(never)
  func setTimer() throws(ErrorNumber) -> Int {
    guard a <= 2 else { throw .invalidArgument }
    let interval = b == 0 ? 0 : try loadDuration(b, .value)
    let delay = b == 0 ? 0 : try loadDuration(b &+ 2 * UInt(abi.wordSize), .value)
    if c != 0 { try storeTimer(at: c) }
    let now = timerTime
    switch a {
    case 0: process.fields.realTimer.set(delay: delay, interval: interval, now: now)
    case 1: process.fields.virtualTimer.set(delay: delay, interval: interval, now: now)
    default: process.fields.profilingTimer.set(delay: delay, interval: interval, now: now)
    }
    programs.noteTimer(process)
    return 0
  }

  // MARK: - Words

  @inline(never)
  func futex(_ layout: TimeLayout) throws(ErrorNumber) -> Int {
    guard let operation = FutexOperation(argument: UInt32(truncatingIfNeeded: b)) else {
      throw .noSuchCall
    }
    guard a & 3 == 0 else { throw .invalidArgument }
    let key = programs.key(a, of: process, isPrivate: operation.isPrivate)
    let count = Int(max(0, Self.int(c)))
    switch operation.command {
    case .wait: return try wait(at: key, operation, bits: .max, layout)
    case .waitForBits:
      guard f & 0xFFFF_FFFF != 0 else { throw .invalidArgument }
      return try wait(at: key, operation, bits: UInt32(truncatingIfNeeded: f), layout)
    case .wake: return wake(key, count, .max)
    case .wakeBits:
      guard f & 0xFFFF_FFFF != 0 else { throw .invalidArgument }
      return wake(key, count, UInt32(truncatingIfNeeded: f))
    case .requeue, .compareAndRequeue:
      guard e & 3 == 0 else { throw .invalidArgument }
      if operation.command == .compareAndRequeue {
        guard try load(a, 4) == UInt64(f & 0xFFFF_FFFF) else { throw .tryAgain }
      }
      let other = programs.key(e, of: process, isPrivate: operation.isPrivate)
      let (woken, moved) = programs.system.futexes.requeue(
        from: key, to: other, wakeCount: count, moveCount: Int(max(0, Self.int(d)))
      ) { Programs.wakeThread($0) }
      return woken + moved
    case .wakeOperation:
      guard e & 3 == 0 else { throw .invalidArgument }
      let change = FutexWordChange(code: UInt32(truncatingIfNeeded: f))
      let old = UInt32(truncatingIfNeeded: try load(e, 4))
      guard let new = change.apply(to: old), let matches = change.matches(old) else { throw .noSuchCall }
      try store(UInt64(new), 4, at: e)
      var woken = wake(key, count, .max)
      if matches {
        let other = programs.key(e, of: process, isPrivate: operation.isPrivate)
        woken += wake(other, Int(max(0, Self.int(d))), .max)
      }
      return woken
    }
  }

  @inline(never)
  private func wake(_ key: FutexKey, _ count: Int, _ bits: UInt32) -> Int {
    programs.system.futexes.wake(key, count: count, bits: bits) { Programs.wakeThread($0) }
  }

  @inline(never)
  private func wait(
    at key: FutexKey, _ operation: FutexOperation, bits: UInt32, _ layout: TimeLayout
  ) throws(ErrorNumber) -> Int {
    var end = UInt64.max
    if d != 0 {
      let duration = try loadDuration(d, layout)
      if operation.isAbsolute {
        let start = programs.system.startTime
        end = !operation.usesRealTime ? duration : duration > start ? duration - start : 0
      } else {
        let (sum, overflow) = programs.uptime.addingReportingOverflow(duration)
        end = overflow ? .max - 1 : sum
      }
    }
    // Nobody can change the word and wake between the look and the wait: calls are not preempted.
    guard let word = ProgramMemory.readWord32(a) else { throw .badAddress }
    guard word == UInt32(truncatingIfNeeded: c) else { throw .tryAgain }
    if thread.fields.context.hasWork { throw ErrorNumber(rawValue: Int32(-Programs.restartAlways)) }
    if end != .max, programs.uptime >= end { throw .timedOut }
    let tick = programs.tick(atUptime: end)
    programs.system.futexes.insert(thread.waiter, at: key, bits: bits)
    let outcome = programs.waitAlone(until: tick)
    // Still there: nobody has woken it.
    guard thread.waiter.isWaiting else { return 0 }
    programs.system.futexes.remove(thread.waiter)
    switch outcome {
    case .timedOut: throw .timedOut
    case .interrupted:
      throw ErrorNumber(rawValue: Int32(d == 0 ? -Programs.restartAlways : 4))
    case .woken: return 0
    }
  }
}
