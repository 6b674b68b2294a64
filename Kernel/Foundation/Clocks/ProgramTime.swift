/// Times as programs give and take them.

/// Seconds and a part of a second, with which the calls' structures are written and read.
public struct ProgramTime: BitwiseCopyable, Hashable, Sendable, Comparable {
  /// Whole seconds.
  public var seconds: Int64
  /// The rest, if it is a time below a second.
  public var nanoseconds: Int64

  /// Makes a time.
  public init(seconds: Int64, nanoseconds: Int64) {
    (self.seconds, self.nanoseconds) = (seconds, nanoseconds)
  }

  /// Makes a time of nanoseconds.
  public init(nanoseconds: UInt64) {
    seconds = Int64(nanoseconds / 1_000_000_000)
    self.nanoseconds = Int64(nanoseconds % 1_000_000_000)
  }

  /// Makes a time of seconds and microseconds.
  public init(seconds: Int64, microseconds: Int64) {
    self.init(seconds: seconds, nanoseconds: microseconds.multipliedReportingOverflow(by: 1000).partialValue)
  }

  /// The nanoseconds; `nil` if it is no time that a call takes, and the largest number for what is too long.
  public var total: UInt64? {
    guard seconds >= 0, nanoseconds >= 0, nanoseconds < 1_000_000_000 else { return nil }
    let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return .max }
    let (sum, carry) = product.addingReportingOverflow(UInt64(nanoseconds))
    return carry ? .max : sum
  }

  /// The earlier is the smaller.
  public static func < (lhs: Self, rhs: Self) -> Bool {
    (lhs.seconds, lhs.nanoseconds) < (rhs.seconds, rhs.nanoseconds)
  }
}

/// The clocks that programs read.
public enum ClockNumber: Int32, BitwiseCopyable, Hashable, Sendable {
  case realTime = 0
  case monotonic = 1
  case processTime = 2
  case threadTime = 3
  case monotonicRaw = 4
  case realTimeCoarse = 5
  case monotonicCoarse = 6
  case boot = 7

  /// Whether timers go by it.
  public var isForTimers: Bool { self == .realTime || self == .monotonic || self == .boot }

  /// Whether it counts from the beginning of the run.
  public var isMonotonic: Bool {
    switch self {
    case .monotonic, .monotonicRaw, .monotonicCoarse, .boot: true
    default: false
    }
  }
}

/// A timer that a process has set: when it is due, and every how long after that.
public struct IntervalSetting: BitwiseCopyable, Hashable, Sendable {
  /// The nanosecond at which it is due, or `UInt64.max`.
  public private(set) var due: UInt64 = .max
  /// Nanoseconds between two, or 0 for one only.
  public private(set) var interval: UInt64 = 0

  /// Not set.
  public init() {}

  /// Sets it to be due `delay` from now, or not at all if that is 0.
  public mutating func set(delay: UInt64, interval: UInt64, now: UInt64) {
    self.interval = interval
    let (sum, overflow) = now.addingReportingOverflow(delay)
    due = delay == 0 ? .max : overflow ? .max - 1 : sum
  }

  /// The nanoseconds left, 0 if it is not set; at least 1 if it is.
  public func remaining(at now: UInt64) -> UInt64 { due == .max ? 0 : due > now ? due - now : 1 }

  /// Sets it to be due at a time, which may have been.
  public mutating func set(due: UInt64, interval: UInt64) { (self.due, self.interval) = (due, interval) }

  /// Whether it is due; if so it is set for the next time, leaving out what was missed.
  public mutating func expire(at now: UInt64) -> Bool { expirations(at: now) > 0 }

  /// How often it was due up to now; it is set for the next time after that.
  public mutating func expirations(at now: UInt64) -> UInt64 {
    guard due != .max, due <= now else { return 0 }
    guard interval > 0 else {
      due = .max
      return 1
    }
    let count = (now - due) / interval + 1
    let (step, overflow) = count.multipliedReportingOverflow(by: interval)
    let (sum, carry) = due.addingReportingOverflow(step)
    due = overflow || carry ? .max - 1 : sum
    return count
  }
}

/// The date, from the machine's clock.
public enum Calendar {
  /// Seconds since 1970 of a date in the Gregorian calendar, in UTC.
  public static func seconds(
    year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int
  ) -> Int64 {
    // Days since the first of March of the year 0, after which leap days come last (a well-known reckoning).
    let y = month <= 2 ? year - 1 : year
    let m = month <= 2 ? month + 9 : month - 3
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1
    return Int64(days - 719_468) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
  }
}
