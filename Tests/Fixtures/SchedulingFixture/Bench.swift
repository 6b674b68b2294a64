import Scheduling

/// A scheduler with memory for threads and queues, all of it freed at the end.
public final class Bench {
  /// The scheduler.
  public var scheduler: Scheduler
  private let threads: UnsafeMutablePointer<Thread>
  private let queues: UnsafeMutablePointer<WaitQueue>

  /// Takes memory for threads and for queues of what threads wait for.
  public init(threads count: Int, queues reasons: [WaitReason] = [], ticksPerSlice: UInt32 = 1) {
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
  public func thread(_ index: Int) -> ThreadReference { ThreadReference(at: threads + index) }
  /// The number of a thread's record.
  public func index(_ thread: ThreadReference) -> Int {
    (Int(thread.address) - Int(bitPattern: threads)) / MemoryLayout<Thread>.stride
  }
  /// A queue.
  public func queue(_ index: Int) -> WaitQueueReference { WaitQueueReference(at: queues + index) }

  /// Makes and starts a thread.
  @discardableResult
  public func start(_ index: Int, level: Int) throws -> ThreadReference {
    let thread = thread(index)
    scheduler.create(thread, name: ThreadName("test"), level: PriorityLevel(truncating: level))
    try scheduler.start(thread)
    return thread
  }
}
