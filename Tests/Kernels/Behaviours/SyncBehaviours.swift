/// Behaviours of what threads wait for: work, time-outs, cancellation, and misuse caught by name.

import ABI
import Arch
import Base
import CMachine
import Heap
import Log
import Runtime
import Scheduling
import Sync
import Trace

/// Does what is asked for with objects that threads wait for.
///
/// Returns whether it was asked for.
func runSync() -> Bool {
  if isAskedFor("mutex") {
    start(ThreadName("mutex"), mutexes)
  } else if isAskedFor("semaphore") {
    start(ThreadName("semaphore"), semaphores)
  } else if isAskedFor("condition") {
    start(ThreadName("condition"), conditions)
  } else if isAskedFor("event") {
    start(ThreadName("event"), events)
  } else if isAskedFor("barrier") {
    start(ThreadName("barrier"), barriers)
  } else if isAskedFor("queue") {
    start(ThreadName("queue"), queues)
  } else if isAskedFor("spin-lock") {
    start(ThreadName("spin-lock"), spinLocks)
  } else {
    return false
  }
  Threads.idle()
}

/// A wait that did not throw, as a thread's exit code.
private func code(_ outcome: WaitOutcome?) -> UInt { UInt(outcome?.rawValue ?? .max) }

/// What a wait of 1 ms is, for somebody who never comes.
private let millisecond: UInt64 = 1_000_000

private func mutexes(_: UInt) -> UInt {
  let address = SyncObjects.make()
  let mutex = unsafe SyncObjects.at(address).pointee.mutex
  let other = unsafe SyncObjects.at(address).pointee.other
  var refusals = Refusals()
  check((try? mutex.lock()) == .satisfied, "a free mutex is locked")
  refusals.expect(.alreadyOwner) { () throws(SyncError) in try mutex.lock() }
  refusals.expect(.stillHeld) { () throws(SyncError) in try mutex.destroy() }
  let wait: ThreadBody = { address in
    let mutex = unsafe SyncObjects.at(address).pointee.mutex
    return code(try? mutex.lock())
  }
  // Waiting raises the owner; a wait that is cancelled or over lowers it again.
  let cancelled = urgent(address, wait)
  check(Threads.current.level.number == 12, "the owner inherits the level of who waits")
  try? Threads.cancelWait(of: cancelled)
  check(Threads.current.level.number == 10, "the owner's level is its own again")
  check(outcome(cancelled) == .cancelled, "a cancelled wait says so")
  let late = urgent(address) { address in
    let mutex = unsafe SyncObjects.at(address).pointee.mutex
    return code(try? mutex.lock(nanoseconds: millisecond))
  }
  check(outcome(late) == .timedOut, "a wait with a limit ends")
  let killed = urgent(address, wait)
  try? Threads.kill(killed)
  check(outcome(killed) == .cancelled, "the wait of a killed thread ends")
  // Another thread's misuse: to unlock what it does not hold.
  let stranger = urgent(address) { address in
    let mutex = unsafe SyncObjects.at(address).pointee.mutex
    do throws(SyncError) { try mutex.unlock() } catch { return error == .notOwner ? 1 : 2 }
    return 3
  }
  check((try? Threads.join(stranger))?.code == 1, "unlocking by another is refused")
  // A circle: the other thread holds `other` and waits for `mutex`.
  let circle = urgent(address) { address in
    let objects = unsafe SyncObjects.at(address).pointee
    _ = try? objects.other.lock()
    let outcome = try? objects.mutex.lock()
    return code(outcome)
  }
  refusals.expect(.deadlock) { () throws(SyncError) in try other.lock() }
  try? mutex.unlock()
  check(outcome(circle) == .satisfied, "the mutex passed to who waited")
  check((try? mutex.lock()) == .ownerEnded, "the end of an owner is told")
  try? mutex.unlock()
  refusals.expect(.notOwner) { () throws(SyncError) in try mutex.unlock() }
  check((try? mutex.destroy()) != nil, "a mutex that nobody holds can be destroyed")
  refusals.expect(.destroyed) { () throws(SyncError) in try mutex.lock() }
  refusals.expect(.destroyed) { () throws(SyncError) in try mutex.unlock() }
  refusals.expect(.destroyed) { () throws(SyncError) in try mutex.destroy() }
  pass("mutex: \(refusals.count) refused by name")
}

private func semaphores(_: UInt) -> UInt {
  let address = SyncObjects.make()
  let semaphore = unsafe SyncObjects.at(address).pointee.semaphore
  var refusals = Refusals()
  refusals.expect(.overflow) { () throws(SyncError) in try semaphore.signal() }
  check((try? semaphore.wait()) == .satisfied, "a unit is taken")
  check((try? semaphore.wait(nanoseconds: 0)) == .timedOut, "a try does not wait")
  check((try? semaphore.wait(nanoseconds: millisecond)) == .timedOut, "a wait with a limit ends")
  let wait: ThreadBody = { address in
    let semaphore = unsafe SyncObjects.at(address).pointee.semaphore
    return code(try? semaphore.wait())
  }
  let cancelled = urgent(address, wait)
  refusals.expect(.stillWaitedFor) { () throws(SyncError) in try semaphore.destroy() }
  try? Threads.cancelWait(of: cancelled)
  check(outcome(cancelled) == .cancelled, "a cancelled wait says so")
  let served = urgent(address, wait)
  try? semaphore.signal()
  check(served.state == .exited, "a more urgent thread runs at once")
  check(outcome(served) == .satisfied, "the unit went to who waited")
  check(semaphore.count == 0, "and to nobody else")
  check((try? semaphore.destroy()) != nil, "a semaphore that nobody waits for can be destroyed")
  refusals.expect(.destroyed) { () throws(SyncError) in try semaphore.wait() }
  refusals.expect(.destroyed) { () throws(SyncError) in try semaphore.signal() }
  refusals.expect(.destroyed) { () throws(SyncError) in try semaphore.destroy() }
  pass("semaphore: \(refusals.count) refused by name")
}

private func conditions(_: UInt) -> UInt {
  let address = SyncObjects.make()
  let objects = unsafe SyncObjects.at(address).pointee
  let (mutex, condition) = (objects.mutex, objects.condition)
  var refusals = Refusals()
  refusals.expect(.notOwner) { () throws(SyncError) in try condition.wait(with: mutex) }
  _ = try? mutex.lock()
  check((try? condition.wait(with: mutex, nanoseconds: 0)) == .timedOut, "a try does not wait")
  check((try? condition.wait(with: mutex, nanoseconds: millisecond)) == .timedOut, "a wait with a limit ends")
  check(mutex.owner == Threads.current, "the mutex is held after the wait")
  try? mutex.unlock()
  // A consumer waits until there is something to take.
  let consume: ThreadBody = { address in
    let objects = unsafe SyncObjects.at(address)
    let (mutex, condition) = unsafe (objects.pointee.mutex, objects.pointee.condition)
    _ = try? mutex.lock()
    var outcome: WaitOutcome? = .satisfied
    while unsafe objects.pointee.count == 0, outcome == .satisfied {
      outcome = try? condition.wait(with: mutex)
    }
    if outcome == .satisfied { unsafe objects.pointee.count -= 1 }
    try? mutex.unlock()
    return code(outcome)
  }
  let cancelled = urgent(address, consume)
  refusals.expect(.stillWaitedFor) { () throws(SyncError) in try condition.destroy() }
  refusals.expect(.stillWaitedFor) { () throws(SyncError) in try mutex.destroy() }
  _ = try? objects.other.lock()
  refusals.expect(.otherMutex) { () throws(SyncError) in try condition.wait(with: objects.other) }
  try? objects.other.unlock()
  try? Threads.cancelWait(of: cancelled)
  check(outcome(cancelled) == .cancelled, "a cancelled wait says so")
  check(mutex.owner == nil, "and has given the mutex back")
  let consumers = (urgent(address, consume), urgent(address, consume), urgent(address, consume))
  _ = try? mutex.lock()
  unsafe SyncObjects.at(address).pointee.count = 3
  try? condition.signal()
  check(condition.waiterCount == 2, "a signal wakes one")
  try? condition.broadcast()
  check(condition.waiterCount == 0 && mutex.waiterCount == 3, "all others wait for the mutex now")
  try? mutex.unlock()
  check(outcome(consumers.0) == .satisfied, "the first consumer got on")
  check(outcome(consumers.1) == .satisfied, "the second consumer got on")
  check(outcome(consumers.2) == .satisfied, "the third consumer got on")
  check(unsafe SyncObjects.at(address).pointee.count == 0, "all was consumed")
  check((try? condition.destroy()) != nil, "a condition that nobody waits for can be destroyed")
  _ = try? mutex.lock()
  refusals.expect(.destroyed) { () throws(SyncError) in try condition.wait(with: mutex) }
  refusals.expect(.destroyed) { () throws(SyncError) in try condition.signal() }
  refusals.expect(.destroyed) { () throws(SyncError) in try condition.broadcast() }
  refusals.expect(.destroyed) { () throws(SyncError) in try condition.destroy() }
  pass("condition: \(refusals.count) refused by name")
}

private func events(_: UInt) -> UInt {
  let address = SyncObjects.make()
  let event = unsafe SyncObjects.at(address).pointee.event
  var refusals = Refusals()
  check((try? event.wait(nanoseconds: 0)) == .timedOut, "a try does not wait")
  check((try? event.wait(nanoseconds: millisecond)) == .timedOut, "a wait with a limit ends")
  let wait: ThreadBody = { address in
    let event = unsafe SyncObjects.at(address).pointee.event
    return code(try? event.wait())
  }
  let cancelled = urgent(address, wait)
  let served = urgent(address, wait)
  refusals.expect(.stillWaitedFor) { () throws(SyncError) in try event.destroy() }
  try? Threads.cancelWait(of: cancelled)
  check(outcome(cancelled) == .cancelled, "a cancelled wait says so")
  try? event.set()
  check(served.state == .exited && !event.isSet, "setting lets one thread pass, at once")
  check(outcome(served) == .satisfied, "it was satisfied")
  try? event.set()
  check((try? event.wait()) == .satisfied && !event.isSet, "a set event lets pass without waiting")
  check((try? event.destroy()) != nil, "an event that nobody waits for can be destroyed")
  refusals.expect(.destroyed) { () throws(SyncError) in try event.wait() }
  refusals.expect(.destroyed) { () throws(SyncError) in try event.set() }
  refusals.expect(.destroyed) { () throws(SyncError) in try event.reset() }
  refusals.expect(.destroyed) { () throws(SyncError) in try event.destroy() }
  pass("event: \(refusals.count) refused by name")
}

private func barriers(_: UInt) -> UInt {
  let address = SyncObjects.make()
  let barrier = unsafe SyncObjects.at(address).pointee.barrier
  var refusals = Refusals()
  check((try? barrier.wait(nanoseconds: 0)) == .timedOut, "a try does not wait")
  check((try? barrier.wait(nanoseconds: millisecond)) == .timedOut, "a wait with a limit ends")
  let wait: ThreadBody = { address in
    let barrier = unsafe SyncObjects.at(address).pointee.barrier
    return code(try? barrier.wait())
  }
  let cancelled = urgent(address, wait)
  refusals.expect(.stillWaitedFor) { () throws(SyncError) in try barrier.destroy() }
  try? Threads.cancelWait(of: cancelled)
  check(outcome(cancelled) == .cancelled, "a cancelled wait says so")
  for _ in 0..<100 {
    let first = urgent(address, wait)
    let second = urgent(address, wait)
    check(barrier.waiterCount == 2, "who gave up has not arrived")
    check((try? barrier.wait()) == .satisfied, "the last to arrive passes")
    check(first.state == .exited && second.state == .exited, "and all others at once")
    check(outcome(first) == .satisfied && outcome(second) == .satisfied, "they were satisfied")
  }
  check((try? barrier.destroy()) != nil, "a barrier that nobody waits for can be destroyed")
  refusals.expect(.destroyed) { () throws(SyncError) in try barrier.wait() }
  refusals.expect(.destroyed) { () throws(SyncError) in try barrier.destroy() }
  pass("barrier: \(refusals.count) refused by name")
}

private func queues(_: UInt) -> UInt {
  let address = SyncObjects.make()
  let queue = unsafe SyncObjects.at(address).pointee.queue
  var refusals = Refusals()
  var words: (UInt, UInt) = (7, 8)
  /// Sends or receives the words.
  func send(_ limit: UInt64?) throws(SyncError) -> WaitOutcome {
    try unsafe withUnsafeMutablePointer(to: &words) { (place) throws(SyncError) in
      // SAFETY: a tuple of two words is two words in a row, and stays in place until the call returns.
      try unsafe queue.send(UnsafeRawPointer(place).assumingMemoryBound(to: UInt.self), nanoseconds: limit)
    }
  }
  func receive(_ limit: UInt64?) throws(SyncError) -> WaitOutcome {
    try unsafe withUnsafeMutablePointer(to: &words) { (place) throws(SyncError) in
      // SAFETY: as above.
      try unsafe queue.receive(
        into: UnsafeMutableRawPointer(place).assumingMemoryBound(to: UInt.self), nanoseconds: limit)
    }
  }
  check((try? receive(0)) == .timedOut, "a try does not wait")
  check((try? receive(millisecond)) == .timedOut, "a wait for a message ends")
  check((try? send(nil)) == .satisfied, "a message is taken")
  check((try? send(millisecond)) == .timedOut, "a wait for room ends")
  let sender: ThreadBody = { address in
    let queue = unsafe SyncObjects.at(address).pointee.queue
    var words: (UInt, UInt) = (9, 10)
    // SAFETY: as above.
    return code(
      try? unsafe withUnsafeMutablePointer(to: &words) { (place) throws(SyncError) in
        try unsafe queue.send(UnsafeRawPointer(place).assumingMemoryBound(to: UInt.self))
      })
  }
  let cancelled = urgent(address, sender)
  refusals.expect(.stillWaitedFor) { () throws(SyncError) in try queue.destroy() }
  try? Threads.cancelWait(of: cancelled)
  check(outcome(cancelled) == .cancelled, "a cancelled wait says so")
  let served = urgent(address, sender)
  words = (0, 0)
  check((try? receive(nil)) == .satisfied && words == (7, 8), "the older message comes first")
  check(outcome(served) == .satisfied, "room for the one that waited")
  check((try? receive(nil)) == .satisfied && words == (9, 10), "its message was kept")
  check((try? queue.destroy()) != nil, "a queue that nobody waits for can be destroyed")
  refusals.expect(.destroyed) { () throws(SyncError) in _ = try send(nil) }
  refusals.expect(.destroyed) { () throws(SyncError) in _ = try receive(nil) }
  refusals.expect(.destroyed) { () throws(SyncError) in try queue.destroy() }
  pass("queue: \(refusals.count) refused by name")
}

private func spinLocks(_: UInt) -> UInt {
  let words = KernelHeap.allocate(16).rawValue
  // SAFETY: the piece of the heap is the lock's for ever.
  let lock = unsafe SpinLock<MachineWord>(at: words)
  var refusals = 0
  func expect(_ expected: SpinLockError, _ body: () throws(SpinLockError) -> Void) {
    do throws(SpinLockError) { try body() } catch {
      if error == expected { refusals += 1 }
    }
  }
  expect(.notHeld) { () throws(SpinLockError) in try lock.unlock(by: 0) }
  let isOff = try? lock.withLock(by: 0) {
    expect(.alreadyHeld) { () throws(SpinLockError) in try lock.lock(by: 0) }
    expect(.alreadyHeld) { () throws(SpinLockError) in try lock.lock(by: 0, attempts: 1) }
    expect(.busy) { () throws(SpinLockError) in try lock.lock(by: 1, attempts: 1_000) }
    expect(.notHeld) { () throws(SpinLockError) in try lock.unlock(by: 1) }
    return cpu_flags() >> 9 & 1 == 0
  }
  check(isOff == true, "interrupts are off while the lock is held")
  check(cpu_flags() >> 9 & 1 == 1, "and on again afterwards")
  cpu_cli()
  _ = try? lock.withLock(by: 0) {}
  check(cpu_flags() >> 9 & 1 == 0, "or off, if they were off before")
  cpu_sti()
  check((try? lock.lock(by: 1, attempts: 1)) != nil, "the next processor gets it")
  try? lock.unlock(by: 1)
  check(refusals == 5, "five refusals")
  check(
    cpu_load32(words) == 3 && cpu_load32(words + 4) == 3 && cpu_load32(words + 8) == 0, "three were served")
  pass("spin lock: \(refusals) refused by name")
}
