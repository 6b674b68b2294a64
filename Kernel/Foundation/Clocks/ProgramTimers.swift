/// The timers that a process makes for itself with `timer_create`.
///
/// A timer has one signal under way at most: what it comes to until that is taken is counted, and told with it. All times
/// are nanoseconds of the clock that counts from the beginning of the run.

/// Who is told when a timer is due.
public enum TimerNotice: BitwiseCopyable, Hashable, Sendable {
  /// Nobody: the program looks.
  case none
  /// The process.
  case process
  /// One thread of it, by its number.
  case thread(Int32)
}

/// A timer.
public struct ProgramTimer: BitwiseCopyable, Sendable {
  /// The clock that it goes by.
  public let clock: ClockNumber
  /// Who is told.
  public let notice: TimerNotice
  /// The signal's number.
  public let signal: Int32
  /// What the signal tells.
  public let value: UInt64
  /// When it is due.
  public private(set) var setting = IntervalSetting()
  /// What the signal that was taken last has told: how often the timer was due after it was sent.
  public private(set) var overrun: Int32 = 0
  private var isUnderWay = false
  private var missed: UInt64 = 0

  /// Makes a timer that is not set.
  public init(_ clock: ClockNumber, _ notice: TimerNotice, signal: Int32, value: UInt64) {
    (self.clock, self.notice, self.signal, self.value) = (clock, notice, signal, value)
  }

  /// Sets it; what it has come to before is forgotten.
  public mutating func set(_ setting: IntervalSetting) {
    self.setting = setting
    (overrun, missed) = (0, 0)
  }

  /// The nanoseconds left, 0 if it is not set.
  public mutating func remaining(at now: UInt64) -> UInt64 {
    // Nobody else looks after it.
    if notice == .none { _ = setting.expirations(at: now) }
    return setting.remaining(at: now)
  }

  /// Sees to a timer that may be due.
  ///
  /// - Parameter isPending: whether a signal of its kind still waits to be taken.
  /// - Returns: whether its signal is to be sent; `wasNotSent` follows if that can't be.
  public mutating func expire(at now: UInt64, isPending: Bool) -> Bool {
    guard notice != .none else { return false }
    let count = setting.expirations(at: now)
    guard count > 0 else { return false }
    // A program may have forgotten the signal by ignoring it.
    if isUnderWay, isPending {
      missed = Self.sum(missed, count)
      return false
    }
    isUnderWay = true
    missed = count - 1
    return true
  }

  /// The signal could not be queued.
  public mutating func wasNotSent() { isUnderWay = false }

  /// A program takes the signal: returns how often the timer was due after it was sent.
  public mutating func take(at now: UInt64) -> Int32 {
    guard isUnderWay else { return 0 }
    missed = Self.sum(missed, setting.expirations(at: now))
    overrun = Int32(min(missed, UInt64(Int32.max)))
    (isUnderWay, missed) = (false, 0)
    return overrun
  }

  private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }
}

/// The timers of a process by their numbers.
public struct ProgramTimers: ~Copyable {
  /// The most timers of a process.
  public static var capacity: Int { 32 }

  private var timers: InlineArray<32, ProgramTimer>
  /// A bit for each that is there.
  private var used: UInt32 = 0

  /// None.
  public init() {
    // A closure, because a value is repeated by as many stores as there are places.
    timers = InlineArray { _ in ProgramTimer(.realTime, .none, signal: 0, value: 0) }
  }

  /// The number that the next one gets; `nil` when there are too many.
  public var freeNumber: Int? {
    mutating get { used == .max ? nil : (~used).trailingZeroBitCount }
  }

  /// Adds a timer; `nil` when there are too many.
  @inline(never)
  public mutating func add(_ timer: ProgramTimer) -> Int? {
    guard let number = freeNumber else { return nil }
    used |= 1 << UInt32(number)
    timers[number] = timer
    return number
  }

  /// Takes a timer out; `false` if there is none.
  @inline(never)
  public mutating func remove(_ number: Int) -> Bool {
    guard has(number) else { return false }
    used &= ~(1 << UInt32(number))
    return true
  }

  private func has(_ number: Int) -> Bool {
    number >= 0 && number < Self.capacity && used >> UInt32(number) & 1 != 0
  }

  /// A timer; `nil` if there is none.
  @inline(never)
  public mutating func timer(_ number: Int) -> ProgramTimer? { has(number) ? timers[number] : nil }

  /// Changes a timer that is there.
  @inline(never)
  public mutating func change(_ number: Int, to timer: ProgramTimer) {
    if has(number) { timers[number] = timer }
  }

  /// When the next one is due about which somebody is told, or `UInt64.max`.
  @inline(never)
  public mutating func nextDue() -> UInt64 {
    var next = UInt64.max
    for number in 0..<Self.capacity where has(number) && timers[number].notice != .none {
      next = min(next, timers[number].setting.due)
    }
    return next
  }
}
