/// Semaphores as this module uses them: each way in one place, where the library's are put into every caller.

import Runtime
import Scheduling
import Sync

/// Gives a unit; an overflow is as good as a unit.
@inline(never)
package func raise(_ semaphore: Semaphore) { _ = try? semaphore.signal() }

/// The same with interrupts off, without letting a more urgent thread run at once.
@inline(never)
package func wakeLater(_ semaphore: Semaphore) {
  _ = try? semaphore.signal(in: &NodeReference().node.threads.scheduler)
}

/// Waits for a unit; no semaphore of this module is ever destroyed.
@inline(never)
@discardableResult
package func wait(for semaphore: Semaphore, nanoseconds: UInt64) -> WaitOutcome {
  (try? semaphore.wait(nanoseconds: nanoseconds)) ?? .cancelled
}
