import Testing

@testable import Scheduling

/// Random numbers that a printed seed brings back (SplitMix64, Steele and others 2014).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// A scheduler with memory for threads and queues, all of it freed at the end.
final class Bench {
  var scheduler: Scheduler
  private let threads: UnsafeMutablePointer<Thread>
  private let queues: UnsafeMutablePointer<WaitQueue>
  let threadCapacity: Int

  init(threads count: Int, queues reasons: [WaitReason] = [], ticksPerSlice: UInt32 = 1) {
    threadCapacity = count
    threads = .allocate(capacity: count + 1)
    queues = .allocate(capacity: max(reasons.count, 1))
    for (index, reason) in reasons.enumerated() { (queues + index).initialize(to: WaitQueue(reason: reason)) }
    scheduler = Scheduler(idle: ThreadReference(at: threads), ticksPerSlice: ticksPerSlice)
  }

  deinit {
    threads.deallocate()
    queues.deallocate()
  }

  /// The record of thread 1 and up; 0 is the idle thread.
  func thread(_ index: Int) -> ThreadReference { ThreadReference(at: threads + index) }
  func index(_ thread: ThreadReference) -> Int { thread.record - threads }
  func queue(_ index: Int) -> WaitQueueReference { WaitQueueReference(at: queues + index) }

  /// Makes and starts a thread.
  @discardableResult
  func start(_ index: Int, level: Int) throws -> ThreadReference {
    let thread = thread(index)
    scheduler.create(thread, name: ThreadName("test"), level: PriorityLevel(truncating: level))
    try scheduler.start(thread)
    return thread
  }

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
