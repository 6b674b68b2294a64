import SchedulingFixture
import Testing
import Trace

@testable import Scheduling

/// What the scheduler records while `body` runs, without times.
private func recorded(_ bench: Bench, _ body: () throws -> Void) throws -> [[UInt32]] {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: 1 << 17, alignment: 1 << 17)
  defer { memory.deallocate() }
  let isOn = bench.scheduler.startTrace(
    in: memory, size: 1 << 16, processor: 0, ticksPerSecond: 1_000_000_000)
  #expect(isOn)
  try body()
  bench.scheduler.trace.stop()
  let bytes = [UInt8](UnsafeRawBufferPointer(start: memory, count: 1 << 16))
  let decoder = TraceDecoder(bytes.span)
  return (0..<decoder.count).map { index in
    [UInt32(decoder[index].kindCode), UInt32(decoder[index].small), decoder[index].large]
  }
}

private func event(_ kind: TraceKind, _ small: UInt16, _ large: UInt32) -> [UInt32] {
  [UInt32(kind.rawValue), UInt32(small), large]
}

/// Makes the switch that is due, as an architecture does that records it.
private func handOver(_ bench: Bench, _ cause: SwitchCause) {
  guard let handover = bench.scheduler.reschedule() else { return }
  bench.scheduler.noteSwitch(handover, cause, at: .max >> 1)
}

@Test func wakesLocksLevelsAndEndsAreRecordedWhereTheyHappen() throws {
  let bench = Bench(threads: 2, queues: [.mutex, .semaphore])
  let mutex = UInt32(truncatingIfNeeded: bench.queue(0).address)
  let semaphore = UInt32(truncatingIfNeeded: bench.queue(1).address)
  let wakes = UInt16(WaitOutcome.satisfied.rawValue)
  let events = try recorded(bench) {
    try bench.start(1, level: 3)
    handOver(bench, .turn)
    _ = try bench.scheduler.acquire(bench.queue(0), until: .max)
    try bench.start(2, level: 9)
    handOver(bench, .turn)
    // It waits for the mutex, and lifts its owner.
    _ = try bench.scheduler.acquire(bench.queue(0), until: .max)
    handOver(bench, .wait)
    _ = bench.scheduler.release(bench.queue(0))
    handOver(bench, .turn)
    _ = bench.scheduler.block(on: bench.queue(1), until: 50)
    handOver(bench, .wait)
    bench.scheduler.expire(at: 60)
    handOver(bench, .turn)
    try bench.scheduler.exit(code: 0)
    handOver(bench, .wait)
  }
  let expected = [
    event(.switching, 0, 0),
    event(.create, 3, 1), event(.wake, wakes, 1), event(.switching, 0, 1), event(.lock, 1, mutex),
    event(.create, 9, 2), event(.wake, wakes, 2), event(.switching, 0, 2),
    event(.level, 9, 1), event(.waitBegin, UInt16(WaitReason.mutex.rawValue), mutex), event(.switching, 1, 1),
    event(.unlock, 1, mutex), event(.lock, 2, mutex), event(.wake, wakes, 2), event(.level, 3, 1),
    event(.switching, 0, 2),
    event(.waitBegin, UInt16(WaitReason.semaphore.rawValue), semaphore), event(.switching, 1, 1),
    event(.wake, UInt16(WaitOutcome.timedOut.rawValue), 2), event(.switching, 0, 2),
    // Whoever ends with a mutex gives it up.
    event(.unlock, 2, mutex), event(.exit, 0, 2), event(.switching, 1, 1),
  ]
  #expect(events == expected)
}

@Test func namesOfThreadsAreKeptAfterTheirEnd() throws {
  let bench = Bench(threads: 2)
  try bench.start(1, level: 3)
  _ = try recorded(bench) {
    try bench.start(2, level: 4)
    let names = [0, 1, 2].map { bench.scheduler.trace.name(ofThread: $0).map { ThreadName($0) } }
    #expect(names.map { $0?.count } == [4, 4, 4] && names[0]?[0] == UInt8(ascii: "i"))
    #expect(names[2]?[3] == UInt8(ascii: "t") && bench.scheduler.trace.name(ofThread: 3) == nil)
  }
}
