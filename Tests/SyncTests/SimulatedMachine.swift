import Scheduling

@testable import Sync

/// Random numbers that a printed seed brings back (SplitMix64).
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
}

/// Runs threads as scripts on a scheduler: a step is one operation of the current thread, and every switch
/// that is due is made, as a kernel would.
///
/// The same seed gives the same run.
final class SimulatedMachine {
  var scheduler: Scheduler
  var now: UInt64 = 1
  private let threads: UnsafeMutablePointer<Thread>
  let count: Int

  init(threads count: Int, levels: (Int) -> Int) {
    self.count = count
    threads = .allocate(capacity: count + 1)
    scheduler = Scheduler(idle: ThreadReference(at: threads))
    for index in 1...count {
      let thread = ThreadReference(at: threads + index)
      scheduler.create(thread, name: ThreadName("script"), level: PriorityLevel(truncating: levels(index)))
      try? scheduler.start(thread)
    }
    _ = scheduler.reschedule()
  }
  deinit { threads.deallocate() }

  func thread(_ index: Int) -> ThreadReference { ThreadReference(at: threads + index) }
  /// The script that runs, from 1; 0 is the idle thread.
  var current: Int {
    let address = scheduler.current.address
    return (0...count).first { thread($0).address == address } ?? -1
  }
  /// Makes the switch that is due, if any.
  func leave() { _ = scheduler.reschedule() }
  /// A timer interrupt after some ticks.
  func interrupt(after ticks: Int) {
    now += UInt64(ticks)
    scheduler.expire(at: now)
    scheduler.tick()
    leave()
  }
  /// Runs `body` as one thread, which must be ready: others get out of its way first.
  func run(_ index: Int, _ body: () throws -> Void) rethrows {
    var patience = 10_000
    while current != index, patience > 0 {
      _ = try? scheduler.setLevel(of: thread(index), to: .highest)
      leave()
      if current != index { _ = scheduler.yield() }
      patience -= 1
    }
    precondition(current == index, "the thread is not ready")
    try body()
    leave()
  }
}

/// Memory for an object's record.
final class Place<Record> {
  let pointer = UnsafeMutablePointer<Record>.allocate(capacity: 1)
  deinit { pointer.deallocate() }
}
