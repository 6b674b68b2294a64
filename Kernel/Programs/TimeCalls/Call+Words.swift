/// Calls about words of memory at which threads wait: `futex`.

import Arch
import CMachine
import CallContext
import Futex
import LinuxABI
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling

extension Call {
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
