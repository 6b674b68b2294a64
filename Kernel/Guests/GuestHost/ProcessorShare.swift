/// A guest's limit of processor time.

import Arch
import CMachine
import Runtime
import Scheduling

/// How much of the processor a guest has had in the present tenth of a second.
struct ProcessorShare: BitwiseCopyable {
  /// When its share of this window will be used up; `UInt64.max` if it has no limit.
  private(set) var end: UInt64 = .max
  private var windowStart: UInt64 = 0
  private var usedBefore: UInt64 = 0

  /// The tick until which the guest must wait, or `nil` if it may go on until `end`.
  mutating func waitEnd(percent: UInt32) -> UInt64? {
    guard percent < 100 else {
      end = .max
      return nil
    }
    cpu_cli()
    let now = cpu_rdtsc()
    let used = Threads.current.runTicks(isCurrent: true, at: now)
    cpu_sti()
    let window = NodeReference().node.clock.ticksPerMillisecond * 100
    if now &- windowStart >= window {
      windowStart = now
      usedBefore = used
    }
    let budget = window / 100 * UInt64(percent)
    let spent = used &- usedBefore
    guard spent < budget else { return windowStart &+ window }
    end = now &+ (budget - spent)
    return nil
  }
}
