import Scheduling
import SchedulingFixture
import Testing

@testable import Sync

private func machine(_ count: Int) -> SimulatedMachine { SimulatedMachine(threads: count) { _ in 5 } }

@Test func aMutexNamesEveryMisuse() throws {
  let machine = machine(2)
  let place = Place<Mutex.Record>()
  let mutex = Mutex(at: place.pointer)
  try machine.run(1) {
    #expect(throws: SyncError.notOwner) { try mutex.unlock(in: &machine.scheduler) }
    let outcome = try mutex.lock(in: &machine.scheduler)
    #expect(outcome == .satisfied)
    #expect(throws: SyncError.alreadyOwner) { try mutex.lock(in: &machine.scheduler) }
    #expect(throws: SyncError.stillHeld) { try mutex.destroy() }
  }
  try machine.run(2) {
    #expect(throws: SyncError.notOwner) { try mutex.unlock(in: &machine.scheduler) }
    let tried = try mutex.lock(in: &machine.scheduler, until: 0)
    #expect(tried == .timedOut)
  }
  try machine.run(1) { _ = try mutex.unlock(in: &machine.scheduler) }
  try mutex.destroy()
  #expect(throws: SyncError.destroyed) { try mutex.destroy() }
  #expect(throws: SyncError.destroyed) { try mutex.lock(in: &machine.scheduler) }
  #expect(throws: SyncError.destroyed) { try mutex.unlock(in: &machine.scheduler) }
}

@Test func aDeadlockIsNamedBeforeItHappens() throws {
  let machine = machine(2)
  let places = [Place<Mutex.Record>(), Place<Mutex.Record>()]
  let mutexes = places.map { Mutex(at: $0.pointer) }
  try machine.run(1) { _ = try mutexes[0].lock(in: &machine.scheduler) }
  try machine.run(2) {
    _ = try mutexes[1].lock(in: &machine.scheduler)
    let outcome = try mutexes[0].lock(in: &machine.scheduler)
    #expect(outcome == .blocked)
  }
  machine.run(1) {
    #expect(throws: SyncError.deadlock) { try mutexes[1].lock(in: &machine.scheduler) }
  }
}

@Test func aMutexOfAnEndedThreadPassesOnWithTheNews() throws {
  let machine = machine(3)
  let place = Place<Mutex.Record>()
  let mutex = Mutex(at: place.pointer)
  try machine.run(1) { _ = try mutex.lock(in: &machine.scheduler) }
  try machine.run(2) { _ = try mutex.lock(in: &machine.scheduler) }
  try machine.run(1) { try machine.scheduler.exit(code: 0) }
  #expect(mutex.owner == machine.thread(2) && machine.thread(2).outcome == .ownerEnded)
  try machine.run(2) { try machine.scheduler.exit(code: 0) }
  #expect(mutex.owner == nil)
  try machine.run(3) {
    let outcome = try mutex.lock(in: &machine.scheduler)
    #expect(outcome == .ownerEnded)
    _ = try mutex.unlock(in: &machine.scheduler)
    let again = try mutex.lock(in: &machine.scheduler)
    #expect(again == .satisfied)
  }
}

@Test func aSemaphoreNamesEveryMisuse() throws {
  let machine = machine(1)
  let place = Place<Semaphore.Record>()
  #expect(throws: SyncError.badCount) { try Semaphore(at: place.pointer, count: 0, limit: 0) }
  #expect(throws: SyncError.badCount) { try Semaphore(at: place.pointer, count: 3, limit: 2) }
  let semaphore = try Semaphore(at: place.pointer, count: 1, limit: 1)
  #expect(throws: SyncError.overflow) { try semaphore.signal(in: &machine.scheduler) }
  try machine.run(1) {
    _ = try semaphore.wait(in: &machine.scheduler)
    let outcome = try semaphore.wait(in: &machine.scheduler)
    #expect(outcome == .blocked)
  }
  #expect(throws: SyncError.stillWaitedFor) { try semaphore.destroy() }
  _ = try semaphore.signal(in: &machine.scheduler)
  try semaphore.destroy()
  #expect(throws: SyncError.destroyed) { try semaphore.signal(in: &machine.scheduler) }
  #expect(throws: SyncError.destroyed) { try semaphore.wait(in: &machine.scheduler) }
  #expect(throws: SyncError.destroyed) { try semaphore.destroy() }
}

@Test func aConditionGivesTheMutexBackHoweverTheWaitEnds() throws {
  let machine = machine(4)
  let mutexPlace = Place<Mutex.Record>()
  let place = Place<Condition.Record>()
  let mutex = Mutex(at: mutexPlace.pointer)
  let condition = Condition(at: place.pointer)
  for (index, limit) in [(1, UInt64.max), (2, 100), (3, .max)] {
    try machine.run(index) {
      _ = try mutex.lock(in: &machine.scheduler)
      let outcome = try condition.wait(with: mutex, in: &machine.scheduler, until: limit)
      #expect(outcome == .blocked && mutex.owner == nil)
    }
  }
  #expect(throws: SyncError.stillWaitedFor) { try condition.destroy() }
  #expect(throws: SyncError.stillWaitedFor) { try mutex.destroy() }
  try machine.run(4) { _ = try mutex.lock(in: &machine.scheduler) }
  // While another holds the mutex all three waits end, and all three wait for the mutex then.
  _ = try condition.signal(in: &machine.scheduler)
  machine.interrupt(after: 200)
  try machine.scheduler.cancelWait(of: machine.thread(3))
  #expect(mutex.waiterCount == 3)
  try machine.run(4) { _ = try mutex.unlock(in: &machine.scheduler) }
  for (index, expected) in [(1, WaitOutcome.satisfied), (2, .timedOut), (3, .cancelled)] {
    #expect(mutex.owner == machine.thread(index) && machine.thread(index).outcome == expected)
    try machine.run(index) { _ = try mutex.unlock(in: &machine.scheduler) }
  }
  try condition.destroy()
  try mutex.destroy()
}

@Test func aConditionNamesEveryMisuse() throws {
  let machine = machine(2)
  let mutexPlaces = [Place<Mutex.Record>(), Place<Mutex.Record>()]
  let place = Place<Condition.Record>()
  let mutexes = mutexPlaces.map { Mutex(at: $0.pointer) }
  let condition = Condition(at: place.pointer)
  try machine.run(1) {
    #expect(throws: SyncError.notOwner) { try condition.wait(with: mutexes[0], in: &machine.scheduler) }
    _ = try mutexes[0].lock(in: &machine.scheduler)
    _ = try condition.wait(with: mutexes[0], in: &machine.scheduler)
  }
  try machine.run(2) {
    _ = try mutexes[1].lock(in: &machine.scheduler)
    #expect(throws: SyncError.otherMutex) { try condition.wait(with: mutexes[1], in: &machine.scheduler) }
  }
  _ = try condition.broadcast(in: &machine.scheduler)
  try condition.destroy()
  #expect(throws: SyncError.destroyed) { try condition.signal(in: &machine.scheduler) }
  #expect(throws: SyncError.destroyed) { try condition.broadcast(in: &machine.scheduler) }
}

@Test(arguments: [Event.Reset.manual, .automatic])
func anEventLetsPassWhomItShould(reset: Event.Reset) throws {
  let machine = machine(3)
  let place = Place<Event.Record>()
  let event = Event(at: place.pointer, reset: reset)
  for index in 1...3 {
    try machine.run(index) { _ = try event.wait(in: &machine.scheduler) }
  }
  #expect(event.waiterCount == 3)
  #expect(throws: SyncError.stillWaitedFor) { try event.destroy() }
  _ = try event.set(in: &machine.scheduler)
  #expect(event.waiterCount == (reset == .manual ? 0 : 2) && event.isSet == (reset == .manual))
  _ = try event.set(in: &machine.scheduler)
  _ = try event.set(in: &machine.scheduler)
  _ = try event.set(in: &machine.scheduler)
  #expect(event.isSet)
  machine.leave()
  let passed = try event.wait(in: &machine.scheduler)
  #expect(passed == .satisfied && event.isSet == (reset == .manual))
  try event.reset()
  #expect(!event.isSet)
  try event.destroy()
  #expect(throws: SyncError.destroyed) { try event.set(in: &machine.scheduler) }
  #expect(throws: SyncError.destroyed) { try event.wait(in: &machine.scheduler) }
  #expect(throws: SyncError.destroyed) { try event.reset() }
}

@Test func aBarrierAndAQueueOfNothingAreRefused() throws {
  let machine = machine(1)
  let place = Place<Barrier.Record>()
  #expect(throws: SyncError.badCount) { try Barrier(at: place.pointer, parties: 0) }
  let barrier = try Barrier(at: place.pointer, parties: 2)
  try machine.run(1) { _ = try barrier.wait(in: &machine.scheduler) }
  #expect(throws: SyncError.stillWaitedFor) { try barrier.destroy() }
  try machine.scheduler.cancelWait(of: machine.thread(1))
  try barrier.destroy()
  #expect(throws: SyncError.destroyed) { try barrier.wait(in: &machine.scheduler) }

  let record = Place<MessageQueue.Record>()
  let storage = Place<UInt>()
  for (capacity, words) in [(0, 1), (1, 0), (1, -1), (1, 1 << 21)] as [(UInt32, Int)] {
    #expect(throws: SyncError.badCount) {
      try MessageQueue(
        at: record.pointer, storage: storage.pointer, capacity: capacity, wordsPerMessage: words)
    }
  }
  let queue = try MessageQueue(at: record.pointer, storage: storage.pointer, capacity: 1, wordsPerMessage: 1)
  let message = Place<UInt>()
  message.pointer.pointee = 7
  try machine.run(1) {
    _ = try queue.send(message.pointer, in: &machine.scheduler)
    let outcome = try queue.send(message.pointer, in: &machine.scheduler)
    #expect(outcome == .blocked)
  }
  #expect(throws: SyncError.stillWaitedFor) { try queue.destroy() }
  try machine.scheduler.cancelWait(of: machine.thread(1))
  try queue.destroy()
  #expect(throws: SyncError.destroyed) { try queue.send(message.pointer, in: &machine.scheduler) }
  #expect(throws: SyncError.destroyed) { try queue.receive(into: message.pointer, in: &machine.scheduler) }
}

@Test func killedThreadsLeaveEveryWaitUnlessTheyMaskIt() throws {
  let machine = machine(2)
  let place = Place<Semaphore.Record>()
  let semaphore = try Semaphore(at: place.pointer, count: 0)
  try machine.run(1) { _ = try semaphore.wait(in: &machine.scheduler) }
  try machine.scheduler.kill(machine.thread(1))
  #expect(machine.thread(1).outcome == .cancelled && semaphore.waiterCount == 0)
  try machine.run(1) {
    let again = try semaphore.wait(in: &machine.scheduler)
    #expect(again == .cancelled)
    machine.scheduler.maskCancellation(true)
    let masked = try semaphore.wait(in: &machine.scheduler)
    #expect(masked == .blocked)
  }
}

private final class Word: AtomicWord {
  var value: UInt32 = 0
  var whileWaiting: () -> Void = {}
  func fetchIncrement() -> UInt32 {
    value &+= 1
    return value &- 1
  }
  func loadAcquiring() -> UInt32 { value }
  func storeReleasing(_ value: UInt32) { self.value = value }
  func compareExchange(_ expected: UInt32, with value: UInt32) -> Bool {
    guard self.value == expected else { return false }
    self.value = value
    return true
  }
  func relax() { whileWaiting() }
}

@Test func aSpinLockServesInOrderAndNamesMisuse() throws {
  let (next, served, holder) = (Word(), Word(), Word())
  let lock = SpinLock(next: next, served: served, holder: holder)
  try lock.lock(by: 0)
  #expect(holder.value == 1)
  var caught: [SpinLockError] = []
  do throws(SpinLockError) { try lock.lock(by: 0) } catch { caught.append(error) }
  do throws(SpinLockError) { try lock.unlock(by: 1) } catch { caught.append(error) }
  // The second processor waits until the first gives the lock away.
  var waits = 0
  next.whileWaiting = {
    waits += 1
    if waits == 3 {
      holder.value = 0
      served.value += 1
    }
  }
  try lock.lock(by: 1)
  try lock.unlock(by: 1)
  do throws(SpinLockError) { try lock.unlock(by: 1) } catch { caught.append(error) }
  #expect(caught == [.alreadyHeld, .notHeld, .notHeld] && waits == 3 && served.value == 2)
}

@Test func aSpinLockIsGivenUpAfterTheAttemptsThatWereAllowed() throws {
  let (next, served, holder) = (Word(), Word(), Word())
  let lock = SpinLock(next: next, served: served, holder: holder)
  try lock.lock(by: 3, attempts: 1)
  var caught: [SpinLockError] = []
  do throws(SpinLockError) { try lock.lock(by: 3, attempts: 5) } catch { caught.append(error) }
  var waits = 0
  next.whileWaiting = { waits += 1 }
  do throws(SpinLockError) { try lock.lock(by: 4, attempts: 5) } catch { caught.append(error) }
  #expect(caught == [.alreadyHeld, .busy] && waits == 4)
  // Nothing was left behind: the lock passes on as if nobody had tried.
  try lock.unlock(by: 3)
  try lock.lock(by: 4)
  #expect(holder.value == 5 && next.value == 2)
}
