/// The interrupt that ends sleeps, time-outs and time slices: one shot, for whichever is due first.
///
/// With nothing to end there is no interrupt: an idle processor sleeps until a device wakes it.

import Arch
import Base
import CMachine
import Log
import Paging
import Scheduling

/// When the processor's timer interrupts, and what for.
public struct DeadlineTimer: ~Copyable {
  /// What raises the interrupt.
  public enum Source: UInt8, BitwiseCopyable, Sendable {
    /// Nothing yet.
    case none
    /// The local APIC's timer.
    case local
    /// Channel 0 of the interval timer.
    case interval
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
  // Counts of the timer in a tick of the time stamp counter, with 24 bits behind the point.
  private var countsPerTick: UInt64 = 0

  init() {
    guard let rate = ClockRate(ticksPerSecond: 1_000_000_000) else { preconditionFailure("1 GHz is a rate") }
    self.rate = rate
  }

  /// Sets the length of a time slice.
  public mutating func setSlice(ticks: UInt64) {
    sliceTicks = ticks
    sliceCount = count(ofTicks: ticks)
  }

  /// Takes a source of interrupts into use whose counts run at `countsPerTick`.
  mutating func start(_ source: Source, rate: ClockRate, countsPerTick: UInt64) {
    self.source = source
    self.rate = rate
    self.countsPerTick = countsPerTick
    setSlice(ticks: rate.ticks(fromNanoseconds: 10_000_000))
  }

  /// Sets the timer for `deadline`; one that has passed interrupts at once.
  mutating func arm(_ deadline: UInt64, now: UInt64) {
    armed = deadline
    if deadline == .max {
      stop()
      return
    }
    program(count(ofTicks: deadline > now ? deadline - now : 0))
  }

  /// Leaves the timer alone, which has interrupted and was for one shot.
  @inline(__always)
  mutating func rest() {
    armed = .max
    if source == .interval { stop() }
  }

  private func stop() {
    switch source {
    case .none: break
    case .local: LocalInterruptController.interrupt(afterCount: 0)
    case .interval: LegacyInterruptController.mask(IntervalTimer.interruptLine)
    }
  }

  private func program(_ count: UInt32) {
    switch source {
    case .none: break
    case .local: LocalInterruptController.interrupt(afterCount: count)
    case .interval:
      IntervalTimer.interrupt(afterCount: UInt16(truncatingIfNeeded: min(count, 0xFFFF)))
      LegacyInterruptController.unmask(IntervalTimer.interruptLine)
    }
  }

  /// The counts in a number of ticks, at least 1.
  ///
  /// A time that is too long is cut: the timer then interrupts early, and is set again for the rest.
  private func count(ofTicks ticks: UInt64) -> UInt32 {
    let part = min(ticks, 1 << 31)
    return UInt32(truncatingIfNeeded: max(1, min(part &* countsPerTick >> 24, 0xFFFF_FFFF)))
  }
}
