import Scheduling
import SchedulingFixture
import Testing

@testable import Sync

/// A port, a server and callers on a processor of their own.
private final class CallBench {
  let bench: Bench
  let port: CallPort
  let server: ThreadReference
  let callers: [ThreadReference]
  private let record: UnsafeMutablePointer<CallPort.Record>
  private let messages: UnsafeMutablePointer<UInt>

  init(callers count: Int = 2, serverLevel: Int = 20) throws {
    bench = Bench(threads: count + 1)
    record = .allocate(capacity: 1)
    messages = .allocate(capacity: CallPort.messageWords * (count + 1))
    messages.initialize(repeating: 0, count: CallPort.messageWords * (count + 1))
    port = unsafe CallPort(at: record)
    server = try bench.start(1, level: serverLevel)
    var made: [ThreadReference] = []
    for index in 0..<count { made.append(try bench.start(index + 2, level: 10)) }
    callers = made
  }

  deinit {
    record.deallocate()
    messages.deallocate()
  }

  /// The buffer of thread `index`: 0 is the server's.
  func buffer(_ index: Int) -> UnsafeMutablePointer<UInt> { messages + CallPort.messageWords * index }

  /// Fills a buffer.
  func put(_ index: Int, _ words: [UInt]) {
    buffer(index)[0] = UInt(words.count * MemoryLayout<UInt>.size)
    for (place, word) in words.enumerated() { buffer(index)[1 + place] = word }
  }

  func words(_ index: Int) -> [UInt] {
    (0..<Int(buffer(index)[0]) / MemoryLayout<UInt>.size).map { buffer(index)[1 + $0] }
  }

  /// Lets the most urgent thread run.
  func settle() { _ = bench.scheduler.reschedule() }
  var current: ThreadReference { bench.scheduler.current }

  func call(_ index: Int, until deadline: UInt64 = .max) throws -> WaitOutcome {
    let outcome = try unsafe port.call(buffer(index), in: &bench.scheduler, until: deadline)
    settle()
    return outcome
  }
  func receive() throws -> WaitOutcome {
    let outcome = try unsafe port.receive(into: buffer(0), in: &bench.scheduler)
    settle()
    return outcome
  }
  func reply() throws -> WaitOutcome {
    let outcome = try unsafe port.reply(buffer(0), receivingInto: buffer(0), in: &bench.scheduler)
    settle()
    return outcome
  }
}

@Test func aCallReachesAWaitingServerAndItsReplyTheCaller() throws {
  let one = try CallBench(callers: 1)
  one.settle()
  #expect(one.current == one.server)
  #expect(try one.receive() == .blocked)
  one.put(1, [3, 5, 7])
  #expect(try one.call(1) == .blocked)
  #expect(one.current == one.server && one.words(0) == [3, 5, 7])
  one.put(0, [15])
  #expect(try one.reply() == .blocked)
  #expect(one.current == one.callers[0] && one.words(1) == [15] && one.current.outcome == .satisfied)
}

/// Of one level, alone in it, caller and server change places in one step; it must be what a wake-up and a wait are.
@Test(arguments: [false, true]) func threadsOfOneLevelChangePlaces(withAnother: Bool) throws {
  let one = try CallBench(callers: withAnother ? 2 : 1, serverLevel: 10)
  one.settle()
  // The server began first.
  #expect(one.current == one.server)
  #expect(try one.receive() == .blocked)
  for round in 1...3 as ClosedRange<UInt> {
    while one.current != one.callers[0] { _ = one.bench.scheduler.yield() }
    one.put(1, [round, round * 2])
    #expect(try one.call(1) == .blocked)
    #expect(one.port.hasOpenCall && one.callers[0].state == .waiting && one.server.state == .ready)
    while one.current != one.server { _ = one.bench.scheduler.yield() }
    #expect(one.words(0) == [round, round * 2] && one.server.outcome == .satisfied)
    one.put(0, [round * 3])
    #expect(try one.reply() == .blocked)
    #expect(!one.port.hasOpenCall && one.server.state == .waiting && one.callers[0].state == .ready)
    #expect(one.words(1) == [round * 3] && one.callers[0].outcome == .satisfied)
  }
}

/// The shortest way must leave what the other does, and nothing at all where it is not for.
@Test func theShortestWayIsWhatTheOthersAre() throws {
  let one = try CallBench(callers: 1, serverLevel: 10)
  one.settle()
  func call(_ word: UInt) -> Handover? {
    unsafe one.port.callAtOnce(replyInto: UInt(bitPattern: one.buffer(1)), in: &one.bench.scheduler) {
      place in
      unsafe place[0] = UInt(MemoryLayout<UInt>.size)
      unsafe place[1] = word
    }
  }
  func reply(_ word: UInt) -> Handover? {
    unsafe one.port.replyAtOnce(receivingInto: UInt(bitPattern: one.buffer(0)), in: &one.bench.scheduler) {
      place in
      unsafe place[0] = UInt(MemoryLayout<UInt>.size)
      unsafe place[1] = word
    }
  }
  // Nobody is called yet, and two are of the level.
  #expect(reply(1) == nil && call(1) == nil)
  #expect(try one.receive() == .blocked)
  for round in 1...3 as ClosedRange<UInt> {
    #expect(one.current == one.callers[0])
    let there = try #require(call(round))
    #expect(there.from == one.callers[0] && there.to == one.server && one.current == one.server)
    #expect(one.bench.scheduler.reschedule() == nil)
    #expect(one.port.hasOpenCall && one.words(0) == [round] && one.server.outcome == .satisfied)
    #expect(one.callers[0].state == .waiting && one.server.state == .ready)
    let back = try #require(reply(round * 3))
    #expect(back.from == one.server && back.to == one.callers[0] && one.current == one.callers[0])
    #expect(!one.port.hasOpenCall && one.words(1) == [round * 3] && one.callers[0].outcome == .satisfied)
    #expect(one.server.state == .waiting && one.callers[0].state == .ready)
  }
  // After it the other way goes on.
  one.put(1, [8])
  #expect(try one.call(1) == .blocked)
  #expect(one.current == one.server && one.words(0) == [8])
  #expect(call(9) == nil)
}

@Test func aMessageThatCannotBeReadChangesNothing() throws {
  let one = try CallBench(callers: 1, serverLevel: 10)
  one.settle()
  #expect(try one.receive() == .blocked)
  #expect(throws: SyncError.unreadable) {
    _ = try unsafe one.port.call(replyInto: one.buffer(1), in: &one.bench.scheduler) { _ in false }
  }
  #expect(one.callers[0].state == .ready && one.server.state == .waiting && !one.port.hasOpenCall)
  one.put(1, [4])
  #expect(try one.call(1) == .blocked)
  #expect(throws: SyncError.unreadable) {
    _ = try unsafe one.port.reply(receivingInto: one.buffer(0), in: &one.bench.scheduler) { _ in false }
  }
  #expect(one.port.hasOpenCall && one.server.state == .ready)
}

@Test func callersThatComeFirstWaitTheirTurn() throws {
  let one = try CallBench(callers: 2, serverLevel: 5)
  one.settle()
  one.put(1, [1])
  one.put(2, [2])
  #expect(try one.call(1) == .blocked)
  #expect(try one.call(2) == .blocked)
  #expect(one.current == one.server && one.port.waitingCallerCount == 2)
  #expect(try one.receive() == .satisfied)
  #expect(one.words(0) == [1] && one.port.hasOpenCall)
  one.put(0, [11])
  // The reply wakes the first caller, which is more urgent; the second call was received in the same step.
  #expect(try one.reply() == .satisfied)
  #expect(one.words(0) == [2] && one.words(1) == [11] && one.current == one.callers[0])
}

@Test func aReplyToACallerThatGaveUpIsLost() throws {
  let one = try CallBench(callers: 2)
  one.settle()
  #expect(try one.receive() == .blocked)
  one.put(1, [1])
  one.put(2, [2])
  #expect(try one.call(1, until: 100) == .blocked)
  #expect(one.current == one.server)
  one.bench.scheduler.expire(at: 100)
  #expect(one.callers[0].outcome == .timedOut && !one.port.hasOpenCall)
  one.put(0, [77])
  #expect(try one.reply() == .blocked)
  // The other caller's call is another call: the lost reply does not reach it.
  #expect(one.words(1) == [1])
  #expect(one.current == one.callers[0] || one.current == one.callers[1])
}

@Test func aCallThatWaitsKeepsItsTimeLimitWhenItIsReceived() throws {
  let one = try CallBench(callers: 1, serverLevel: 5)
  one.settle()
  one.put(1, [9])
  #expect(try one.call(1, until: 50) == .blocked)
  #expect(try one.receive() == .satisfied)
  one.bench.scheduler.expire(at: 49)
  #expect(one.port.hasOpenCall)
  one.bench.scheduler.expire(at: 50)
  #expect(!one.port.hasOpenCall && one.callers[0].outcome == .timedOut)
}

@Test func aCallThatIsNotAnsweredIsGivenUpWithTheNextReceive() throws {
  let one = try CallBench(callers: 1)
  one.settle()
  #expect(try one.receive() == .blocked)
  one.put(1, [1])
  #expect(try one.call(1) == .blocked)
  #expect(try one.receive() == .blocked)
  #expect(one.callers[0].outcome == .cancelled && one.current == one.callers[0])
}

@Test func tooLongMessagesAreRefusedAndAClosedPortCancelsAll() throws {
  let one = try CallBench(callers: 2, serverLevel: 5)
  one.settle()
  one.buffer(1)[0] = CallPort.maximumBytes + 1
  #expect(throws: SyncError.badCount) { _ = try one.call(1) }
  one.put(1, [1])
  #expect(try one.call(1) == .blocked)
  try one.port.close(in: &one.bench.scheduler)
  one.settle()
  #expect(one.callers[0].outcome == .cancelled)
  #expect(throws: SyncError.destroyed) { _ = try one.call(2) }
  #expect(throws: SyncError.destroyed) { _ = try one.receive() }
}
