/// The interrupt that ends sleeps, time-outs and time slices: one shot, for whichever is due first.
///
/// With nothing to end there is no interrupt: an idle processor sleeps until a device wakes it.

import Arch
import Base
import CMachine
import Interrupts
import Log
import Paging
import Scheduling

/// When the processor's timer interrupts, and what for.
public struct DeadlineTimer: ~Copyable {
  /// What raises the interrupt.
  public enum Source: UInt8, BitwiseCopyable, Sendable {
    /// Nothing yet.
    case none
    /// The local APIC's timer, set for each deadline.
    case local
    /// The local APIC's timer, which interrupts at the end of each slice, whether there is something to do or not.
    case localPeriodic
    /// Channel 0 of the interval timer, set for each deadline.
    case interval

    /// What it is, in words.
    package var name: StaticString {
      switch self {
      case .none: "none"
      case .local: "local APIC, one-shot"
      case .localPeriodic: "local APIC, periodic"
      case .interval: "interval timer"
      }
    }
  }

  /// What raises the interrupt.
  public private(set) var source = Source.none
  /// The rate of the time stamp counter.
  public private(set) var rate: ClockRate
  /// Ticks of the time stamp counter in a time slice.
  public private(set) var sliceTicks: UInt64 = 0
  /// Timer interrupts so far.
  public internal(set) var interruptCount: UInt64 = 0

  /// Whether the timer is set for the end of a slice at the latest.
  var isSliceArmed = false
  // When that slice began.
  var sliceStart: UInt64 = 0
  // When it ends.
  var sliceEnd: UInt64 { sliceStart &+ sliceTicks }
  // The tick that the timer is set for, or `UInt64.max`.
  var armed: UInt64 = .max
  // Counts of the timer in a slice.
  var sliceCount: UInt32 = 0
  // Counts of the timer in ticks of the time stamp counter.
  private var scale = CountScale(counts: 1, ticks: 1)
  // Whether the interval timer is to interrupt: it does so once.
  private var isExpected = false

  init() {
    guard let rate = ClockRate(ticksPerSecond: 1_000_000_000) else { preconditionFailure("1 GHz is a rate") }
    self.rate = rate
  }

  /// Sets the length of a time slice.
  public mutating func setSlice(ticks: UInt64) {
    sliceTicks = ticks
    sliceCount = scale.counts(forTicks: ticks)
    if source == .localPeriodic { LocalInterruptController.interruptPeriodically(count: sliceCount) }
  }

  /// Takes a source of interrupts into use.
  ///
  /// A periodic one ends sleeps too, at the first interrupt behind their end: its slices are shorter.
  package mutating func start(_ source: Source, rate: ClockRate, scale: CountScale) {
    self.source = source
    self.rate = rate
    self.scale = scale
    setSlice(ticks: rate.ticks(fromNanoseconds: source == .localPeriodic ? 1_000_000 : 10_000_000))
  }

  /// Whether the interval timer's interrupt is the one that it was set for, which comes once.
  mutating func takeExpected() -> Bool {
    defer { isExpected = false }
    return source == .interval && isExpected
  }

  /// Sets the interval timer again for what it was set for, after it has misbehaved.
  mutating func restart() { program(armed == .max ? .max : 1) }

  /// Sets the timer for `deadline`; one that has passed interrupts at once.
  mutating func arm(_ deadline: UInt64, now: UInt64) {
    armed = deadline
    if deadline == .max {
      stop()
      return
    }
    program(scale.counts(forTicks: deadline > now ? deadline - now : 0))
  }

  /// Leaves the timer alone, which has interrupted and was for one shot.
  @inline(__always)
  mutating func rest() {
    armed = .max
    if source == .interval { stop() }
  }

  private func stop() {
    switch source {
    case .none, .localPeriodic: break
    case .local: LocalInterruptController.interrupt(afterCount: 0)
    case .interval: NodeReference().node.lines.mask(IntervalTimer.interruptLine)
    }
  }

  private mutating func program(_ count: UInt32) {
    switch source {
    case .none, .localPeriodic: break
    case .local: LocalInterruptController.interrupt(afterCount: count)
    case .interval:
      isExpected = true
      IntervalTimer.interrupt(afterCount: UInt16(truncatingIfNeeded: min(count, 0xFFFF)))
      NodeReference().node.lines.unmask(IntervalTimer.interruptLine)
    }
  }
}
