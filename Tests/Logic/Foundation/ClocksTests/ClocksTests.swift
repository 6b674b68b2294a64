import Clocks
import Foundation
import Testing

@Suite struct ClocksTests {
  @Test func timesThatAreNoneAreRefused() {
    #expect(ProgramTime(seconds: -1, nanoseconds: 0).total == nil)
    #expect(ProgramTime(seconds: 0, nanoseconds: 1_000_000_000).total == nil)
    #expect(ProgramTime(seconds: 0, nanoseconds: -1).total == nil)
    #expect(ProgramTime(seconds: .max, nanoseconds: 999_999_999).total == .max)
    #expect(ProgramTime(seconds: 2, nanoseconds: 5).total == 2_000_000_005)
    #expect(ProgramTime(nanoseconds: 2_000_000_005) == ProgramTime(seconds: 2, nanoseconds: 5))
    #expect(ProgramTime(seconds: 0, microseconds: .max).total == nil)
  }

  @Test func aTimerIsDueOncePerInterval() {
    var timer = IntervalSetting()
    #expect(timer.remaining(at: 0) == 0 && timer.due == .max)
    timer.set(delay: 10, interval: 5, now: 100)
    #expect(timer.remaining(at: 103) == 7 && timer.remaining(at: 200) == 1)
    var atEarly = timer
    let early = atEarly.expire(at: 109)
    #expect(!early)
    let first = timer.expire(at: 110)
    #expect(first && timer.due == 115)
    let late = timer.expire(at: 131)
    #expect(late && timer.due == 135)
    timer.set(delay: 0, interval: 5, now: 131)
    let stopped = timer.expire(at: .max - 1)
    #expect(!stopped)
    timer.set(delay: .max, interval: 0, now: 5)
    #expect(timer.due == UInt64.max - 1)
  }

  /// One signal at a time: what comes meanwhile is told when it is taken.
  @Test func aMadeTimerCountsWhatItsSignalMissed() {
    var timer = ProgramTimer(.monotonic, .process, signal: 34, value: 7)
    var setting = IntervalSetting()
    setting.set(delay: 10, interval: 10, now: 100)
    timer.set(setting)
    var isSent = [109, 110, 125, 149].map { timer.expire(at: $0, isPending: true) }
    #expect(isSent == [false, true, false, false])
    // 120, 130 and 140 were missed, 150 and 160 are by the time it is taken.
    var told = timer.take(at: 160)
    #expect(told == 5 && timer.overrun == 5 && timer.setting.due == 170)
    told = timer.take(at: 300)
    #expect(told == 0 && timer.overrun == 5, "a signal that it did not send was taken")
    // Forgotten by being ignored: the next one is sent anew. And so it is when there was no room.
    isSent = [170, 180].map { timer.expire(at: $0, isPending: $0 == 170) }
    #expect(isSent == [true, true])
    timer.wasNotSent()
    isSent = [190].map { timer.expire(at: $0, isPending: true) }
    #expect(isSent == [true])
    // A time that was, and every nanosecond since.
    setting.set(due: 5, interval: 1)
    timer.set(setting)
    _ = timer.expire(at: 1 << 40, isPending: false)
    told = timer.take(at: 1 << 40)
    #expect(told == Int32.max && timer.setting.due == 1 << 40 + 1)
    // Nobody is told of this one: it is looked at.
    var quiet = ProgramTimer(.realTime, .none, signal: 0, value: 0)
    setting.set(delay: 10, interval: 10, now: 0)
    quiet.set(setting)
    isSent = [50].map { quiet.expire(at: $0, isPending: false) }
    let left = quiet.remaining(at: 53)
    #expect(isSent == [false] && left == 7)
  }

  @Test func timersHaveTheLowestFreeNumber() {
    var timers = ProgramTimers()
    let timer = ProgramTimer(.monotonic, .process, signal: 14, value: 0)
    let numbers = (0...ProgramTimers.capacity).map { _ in timers.add(timer) }
    #expect(numbers == (0..<ProgramTimers.capacity).map { $0 } + [nil])
    var removed = [3, 3, -1, 32].map { timers.remove($0) }
    #expect(removed == [true, false, false, false])
    let again = timers.add(timer)
    var due = timers.nextDue()
    #expect(again == 3 && due == .max)
    var changed = timer
    var setting = IntervalSetting()
    setting.set(due: 9, interval: 0)
    changed.set(setting)
    timers.change(31, to: changed)
    due = timers.nextDue()
    #expect(due == 9)
    removed = [31].map { timers.remove($0) }
    timers.change(31, to: changed)
    due = timers.nextDue()
    #expect(due == .max, "a timer that is not there was set")
  }

  @Test func datesAreThoseOfFoundation() {
    var calendar = Foundation.Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0)!
    for year in stride(from: 1970, through: 2400, by: 7) {
      for (month, day) in [(1, 1), (2, 28), (3, 1), (12, 31), (7, 4)] {
        let date = calendar.date(
          from: DateComponents(year: year, month: month, day: day, hour: 13, minute: 14, second: 15))!
        #expect(
          Clocks.Calendar.seconds(year: year, month: month, day: day, hour: 13, minute: 14, second: 15)
            == Int64(date.timeIntervalSince1970))
      }
    }
  }
}
