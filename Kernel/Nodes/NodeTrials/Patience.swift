/// How long a trial looks for what other nodes do.

import Arch
import CMachine
import Runtime
import Scheduling

/// Waits a little between two looks at memory that other nodes write.
///
/// A few looks without giving way, then other threads of the level, then sleep: on an emulator with fewer processors than
/// nodes, whoever spins takes the time of whom it waits for.
struct Patience {
  private var looks: UInt32 = 0
  private let start = cpu_rdtsc()
  private let limit: UInt64

  /// - Parameter seconds: when to give up.
  init(seconds: UInt64) { limit = seconds * 1_000 * NodeReference().node.clock.ticksPerMillisecond }

  /// Waits; false when the time is over.
  mutating func wait() -> Bool {
    looks += 1
    if looks < 2_000 {
      cpu_pause()
      return true
    }
    _ = try? Threads.sleep(nanoseconds: 200_000)
    return cpu_rdtsc() &- start < limit
  }
}
