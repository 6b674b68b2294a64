/// The calls about time and about words of memory, by their numbers.
///
/// This module decodes clocks, times and words that a program names. It protects the length of waits: a time that is no
/// time is refused, one beyond the clock's range never ends, and a wait that a signal has interrupted ends when it would have
/// ended without.

import CMachine
import CallContext
import LinuxABI
import Runtime
import Scheduling
import SystemCalls

extension Call {
  @inline(never) @export(interface)
  package func performTime(_ call: SystemCall) throws(ErrorNumber) -> Int? {
    switch call {
    case .clock_gettime: return try clockTime(.spec)
    case .clock_gettime64: return try clockTime(.wideSpec)
    case .clock_getres: return try clockResolution(.spec)
    case .clock_getres_time64: return try clockResolution(.wideSpec)
    case .clock_settime: return try setClock(.spec)
    case .clock_settime64: return try setClock(.wideSpec)
    case .gettimeofday: return try timeOfDay()
    case .time: return try time()
    case .times: return try times()
    case .nanosleep: return try sleep(clock: 1, isAbsolute: false, a, remainder: b, .spec)
    case .clock_nanosleep: return try sleep(clock: a, isAbsolute: b & 1 != 0, c, remainder: d, .spec)
    case .clock_nanosleep_time64:
      return try sleep(clock: a, isAbsolute: b & 1 != 0, c, remainder: d, .wideSpec)
    case .alarm: return alarm()
    case .getitimer: return try timer()
    case .setitimer: return try setTimer()
    case .timer_create: return try makeTimer()
    case .timer_settime: return try setMadeTimer(.spec)
    case .timer_settime64: return try setMadeTimer(.wideSpec)
    case .timer_gettime: return try madeTimer(.spec)
    case .timer_gettime64: return try madeTimer(.wideSpec)
    case .timer_getoverrun: return try missedTimer()
    case .timer_delete: return try deleteTimer()
    case .futex: return try futex(.spec)
    case .futex_time64: return try futex(.wideSpec)
    default: return nil
    }
  }
}
