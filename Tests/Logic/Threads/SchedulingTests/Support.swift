import SchedulingFixture
import Testing

@testable import Scheduling

/// What the scheduler's own tests look at inside of it.
extension Bench {
  /// The ready threads of a level, next to run first.
  func ready(level: Int) -> [Int] {
    guard scheduler.readyLevels & (1 << UInt32(level)) != 0 else { return [] }
    return ring(from: scheduler.ready.head(ofRank: UInt8(level + 1)))
  }

  func ring(from head: ThreadReference) -> [Int] {
    var result = [index(head)]
    var thread = head.fields.next
    while thread != head {
      result.append(index(thread))
      if thread.fields.previous.fields.next != thread { Issue.record("a ring's links disagree") }
      thread = thread.fields.next
    }
    return result
  }

  /// The threads of a wait queue, next to wake first.
  func waiting(_ queue: WaitQueueReference) -> [Int] {
    var result: [Int] = []
    var head = queue.fields.first
    while let level = head {
      result += ring(from: level)
      head = level.fields.below
    }
    return result
  }
}
