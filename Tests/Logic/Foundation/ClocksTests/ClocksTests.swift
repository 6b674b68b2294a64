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
