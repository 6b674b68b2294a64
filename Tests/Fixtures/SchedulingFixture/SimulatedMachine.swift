import Scheduling

/// Runs threads as scripts on a scheduler: a step is one operation of the current thread, and every switch
/// that is due is made, as a kernel would.
///
/// The same seed gives the same run.
public final class SimulatedMachine {
  /// The threads and their scheduler.
  public let bench: Bench
  /// The tick counter.
  public var now: UInt64 = 1
  /// The number of scripts.
  public let count: Int

  /// Makes `count` threads, numbered from 1, and lets the first run.
  public init(threads count: Int, levels: (Int) -> Int) {
    self.count = count
    bench = Bench(threads: count)
    for index in 1...count { _ = try? bench.start(index, level: levels(index)) }
    leave()
  }

  /// The scheduler.
  public var scheduler: Scheduler {
    _read { yield bench.scheduler }
    _modify { yield &bench.scheduler }
  }
  /// A script's thread.
  public func thread(_ index: Int) -> ThreadReference { bench.thread(index) }
  /// The script that runs, from 1; 0 is the idle thread.
  public var current: Int { bench.index(bench.scheduler.current) }
  /// Makes the switch that is due, if any.
  public func leave() { _ = bench.scheduler.reschedule() }

  /// A timer interrupt after some ticks.
  public func interrupt(after ticks: Int) {
    now += UInt64(ticks)
    bench.scheduler.expire(at: now)
    bench.scheduler.tick()
    leave()
  }

  /// Runs `body` as one thread, which must be ready: others get out of its way first.
  public func run(_ index: Int, _ body: () throws -> Void) rethrows {
    var patience = 10_000
    while current != index, patience > 0 {
      _ = try? bench.scheduler.setLevel(of: thread(index), to: .highest)
      leave()
      if current != index { _ = bench.scheduler.yield() }
      patience -= 1
    }
    precondition(current == index, "the thread is not ready")
    try body()
    leave()
  }
}

/// Memory for an object's record.
public final class Place<Record> {
  /// The memory.
  public let pointer = UnsafeMutablePointer<Record>.allocate(capacity: 1)
  /// Takes memory.
  public init() {}
  deinit { pointer.deallocate() }
}
