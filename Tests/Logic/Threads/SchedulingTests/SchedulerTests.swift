import SchedulingFixture
import SeededRandomness
import Testing

@testable import Scheduling

@Test func threadsOfOneLevelShareTicksEvenly() throws {
  let bench = Bench(threads: 7, ticksPerSlice: 3)
  for index in 1...7 { try bench.start(index, level: 13) }
  var ran = Array(repeating: 0, count: 8)
  _ = bench.scheduler.reschedule()
  for _ in 0..<(7 * 3 * 100) {
    ran[bench.index(bench.scheduler.current)] += 1
    bench.scheduler.tick()
    _ = bench.scheduler.reschedule()
  }
  #expect(ran == [0] + Array(repeating: 300, count: 7))
}

@Test func aThreadThatYieldsWaitsForAllOthersOfItsLevelAndForNoneBelow() throws {
  let bench = Bench(threads: 6)
  for index in 1...5 { try bench.start(index, level: 20) }
  try bench.start(6, level: 19)
  _ = bench.scheduler.reschedule()
  var order: [Int] = []
  for _ in 0..<10 {
    order.append(bench.index(bench.scheduler.current))
    _ = bench.scheduler.yield()
  }
  #expect(order == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
}

@Test func aPreemptedThreadKeepsItsTurn() throws {
  let bench = Bench(threads: 3, queues: [.semaphore])
  try bench.start(1, level: 5)
  try bench.start(2, level: 5)
  _ = bench.scheduler.reschedule()
  try bench.start(3, level: 6)
  _ = bench.scheduler.reschedule()
  #expect(bench.index(bench.scheduler.current) == 3)
  _ = bench.scheduler.block(on: bench.queue(0), until: .max)
  _ = bench.scheduler.reschedule()
  #expect(bench.index(bench.scheduler.current) == 1)
}

@Test(arguments: 0..<32)
func everyLevelRunsBeforeAllBelowIt(level: Int) throws {
  let bench = Bench(threads: 33)
  for index in 0...level { try bench.start(index + 1, level: index) }
  _ = bench.scheduler.reschedule()
  #expect(bench.scheduler.current.level.number == level)
  var seen: [Int] = []
  while !bench.scheduler.current.isIdle {
    seen.append(bench.scheduler.current.level.number)
    try bench.scheduler.exit(code: 0)
    _ = bench.scheduler.reschedule()
  }
  #expect(seen == Array((0...level).reversed()))
}

/// Threads of one level that yield, wait, sleep and are woken at random: whoever is ready runs before anybody of its
/// level has run twice.
@Test(arguments: Array(0..<20) as [UInt64])
func nobodyOfALevelStarves(seed: UInt64) throws {
  var random = SeededGenerator(seed: seed)
  let count = 2 + Int(seed % 9)
  let bench = Bench(threads: count, queues: [.semaphore], ticksPerSlice: 1 + UInt32(seed % 3))
  for index in 1...count { try bench.start(index, level: 7) }
  _ = bench.scheduler.reschedule()
  // Turns that others have had since a thread was ready and did not run.
  var turns = Array(repeating: Array(repeating: 0, count: count + 1), count: count + 1)
  var running = bench.index(bench.scheduler.current)
  var now: UInt64 = 1
  var served = Set<Int>()
  for step in 0..<4_000 {
    switch random.below(8) {
    case 0: if running != 0 { _ = bench.scheduler.block(on: bench.queue(0), until: .max) }
    case 1: if running != 0 { _ = try bench.scheduler.sleep(until: now + 1 + UInt64(random.below(5))) }
    case 2, 3: _ = bench.scheduler.wakeFirst(of: bench.queue(0))
    case 4: _ = bench.scheduler.yield()
    default:
      now += 1
      bench.scheduler.expire(at: now)
      bench.scheduler.tick()
    }
    _ = bench.scheduler.reschedule()
    let next = bench.index(bench.scheduler.current)
    if next == running { continue }
    running = next
    served.insert(next)
    for waiting in 1...count {
      if waiting == next || bench.thread(waiting).state != .ready {
        turns[waiting] = Array(repeating: 0, count: count + 1)
      } else {
        turns[waiting][next] += 1
        guard turns[waiting][next] <= 1 || next == 0 else {
          Issue.record("seed \(seed), step \(step): \(next) had two turns while \(waiting) was ready")
          return
        }
      }
    }
  }
  #expect(served.isSuperset(of: 1...count), "seed \(seed)")
}

/// The Mars Pathfinder case: low holds what high wants, and many in the middle never stop.
@Test func inversionLastsOnlyAsLongAsTheMutexIsHeld() throws {
  let bench = Bench(threads: 20, queues: [.mutex])
  try bench.start(1, level: 1)
  _ = bench.scheduler.reschedule()
  let first = try bench.scheduler.acquire(bench.queue(0), until: .max)
  #expect(first == .satisfied)
  for index in 3...20 { try bench.start(index, level: 10) }
  try bench.start(2, level: 30)
  _ = bench.scheduler.reschedule()
  let second = try bench.scheduler.acquire(bench.queue(0), until: .max)
  #expect(second == .blocked)
  _ = bench.scheduler.reschedule()
  #expect(bench.index(bench.scheduler.current) == 1)
  for _ in 0..<100 {
    bench.scheduler.tick()
    _ = bench.scheduler.reschedule()
    #expect(bench.index(bench.scheduler.current) == 1)
  }
  let isDue = bench.scheduler.release(bench.queue(0))
  _ = bench.scheduler.reschedule()
  #expect(isDue && bench.index(bench.scheduler.current) == 2)
  #expect(bench.thread(1).level.number == 1)
}

/// Thread n holds mutex n and waits for mutex n - 1; the last wait must raise all of them.
@Test(arguments: [2, 10, 64])
func inheritanceReachesTheEndOfAChain(length: Int) throws {
  let bench = Bench(threads: length, queues: Array(repeating: .mutex, count: length))
  for index in 1...length {
    try bench.start(index, level: min(index / 3, 30))
    _ = bench.scheduler.reschedule()
    #expect(bench.index(bench.scheduler.current) != 0)
    while bench.index(bench.scheduler.current) != index {
      _ = try bench.scheduler.setLevel(of: bench.thread(index), to: .highest)
      _ = bench.scheduler.reschedule()
      if bench.index(bench.scheduler.current) != index { _ = bench.scheduler.yield() }
    }
    _ = try bench.scheduler.acquire(bench.queue(index - 1), until: .max)
    if index > 1 { _ = try bench.scheduler.acquire(bench.queue(index - 2), until: .max) }
    _ = bench.scheduler.reschedule()
  }
  _ = try bench.scheduler.setLevel(of: bench.thread(length), to: .highest)
  for index in 1...length { #expect(bench.thread(index).level == .highest) }
}

@Test func aChainBeyondTheLimitIsRefused() throws {
  let length = 70
  let bench = Bench(threads: length, queues: Array(repeating: .mutex, count: length))
  var refusals = 0
  for index in 1...length {
    try bench.start(index, level: 3)
    while bench.index(bench.scheduler.current) != index {
      _ = bench.scheduler.reschedule()
      _ = bench.scheduler.yield()
    }
    _ = try bench.scheduler.acquire(bench.queue(index - 1), until: .max)
    guard index > 1 else { continue }
    do throws(SchedulingError) {
      _ = try bench.scheduler.acquire(bench.queue(index - 2), until: .max)
    } catch {
      #expect(error == .chainTooLong)
      refusals += 1
    }
    _ = bench.scheduler.reschedule()
  }
  #expect(refusals > 0)
}

@Test func tenThousandThreadsLeaveNothingBehind() throws {
  let bench = Bench(threads: 2)
  for round in 0..<10_000 as Range<UInt> {
    let main = try bench.start(1, level: 4)
    _ = bench.scheduler.reschedule()
    try bench.start(2, level: 9)
    let waits = try bench.scheduler.join(bench.thread(2))
    #expect(waits == .blocked)
    _ = bench.scheduler.reschedule()
    try bench.scheduler.exit(code: round)
    _ = bench.scheduler.reschedule()
    #expect(bench.scheduler.current == main && bench.thread(2).fields.exitCode == round)
    try bench.scheduler.reclaim(bench.thread(2))
    try bench.scheduler.detach(main)
    try bench.scheduler.exit(code: 0)
    #expect(bench.scheduler.takeFinished() == nil, "its stack is still in use")
    _ = bench.scheduler.reschedule()
    let finished = bench.scheduler.takeFinished()
    #expect(finished == main)
    try bench.scheduler.reclaim(main)
  }
  #expect(bench.scheduler.threadCount == 1)
}

@Test func theIdleThreadRefusesWhatWouldStopIt() throws {
  let bench = Bench(threads: 1, queues: [.event])
  #expect(throws: SchedulingError.idleThread) { try bench.scheduler.exit(code: 0) }
  #expect(throws: SchedulingError.idleThread) { try bench.scheduler.sleep(until: 5) }
  #expect(throws: SchedulingError.idleThread) { try bench.scheduler.kill(bench.thread(0)) }
  #expect(throws: SchedulingError.idleThread) {
    try bench.scheduler.setLevel(of: bench.thread(0), to: .highest)
  }
  let outcome = bench.scheduler.block(on: bench.queue(0), until: .max)
  let yielded = bench.scheduler.yield() == nil
  #expect(outcome == .cancelled && yielded)
}

@Test func runningTimeIsWhatPassedBetweenTheSwitches() throws {
  let bench = Bench(threads: 2)
  try bench.start(1, level: 3)
  try bench.start(2, level: 3)
  bench.scheduler.reschedule()?.account(at: 100)
  bench.scheduler.yield()?.account(at: 130)
  bench.scheduler.yield()?.account(at: 137)
  #expect(bench.thread(2).runTicks(isCurrent: false, at: 150) == 7)
  #expect(bench.thread(1).runTicks(isCurrent: true, at: 150) == 43)
}
