/// One of each object that threads wait for, in memory that all threads of a behaviour reach.

import Arch
import Base
import CMachine
import Heap
import Log
import Runtime
import Scheduling
import Sync
import Trace

/// The objects; a thread gets their address as its argument.
struct SyncObjects {
  var mutex: Mutex
  var other: Mutex
  var semaphore: Semaphore
  var condition: Condition
  var event: Event
  var barrier: Barrier
  var queue: MessageQueue
  /// What threads change while they hold `mutex`.
  var count: UInt = 0

  /// Makes a set in a piece of the heap that is never given back.
  static func make() -> UInt {
    var place = KernelHeap.allocate(4096).rawValue
    let address = place
    /// The next 256 bytes of the piece, which is more than any record has.
    func room<Record>() -> UnsafeMutablePointer<Record> {
      place += 256
      // SAFETY: the piece has room for 15 records behind the set, and stays for ever.
      return unsafe UnsafeMutablePointer(bitPattern: place).unsafelyUnwrapped
    }
    // SAFETY: each place is a part of the piece that nothing else uses.
    guard let semaphore = try? unsafe Semaphore(at: room(), count: 1, limit: 1),
      let barrier = try? unsafe Barrier(at: room(), parties: 3),
      let queue = try? unsafe MessageQueue(at: room(), storage: room(), capacity: 1, wordsPerMessage: 2)
    else { fail("an object was refused") }
    let objects = unsafe SyncObjects(
      mutex: Mutex(at: room()), other: Mutex(at: room()), semaphore: semaphore,
      condition: Condition(at: room()),
      event: Event(at: room(), reset: .automatic), barrier: barrier, queue: queue)
    // SAFETY: the first 256 bytes of the piece are for the set.
    unsafe UnsafeMutablePointer<SyncObjects>(bitPattern: address).unsafelyUnwrapped.initialize(to: objects)
    return address
  }

  /// The set at an address that `make` has returned.
  static func at(_ address: UInt) -> UnsafeMutablePointer<SyncObjects> {
    // SAFETY: `make` has put a set there, which stays for ever.
    unsafe UnsafeMutablePointer(bitPattern: address).unsafelyUnwrapped
  }
}

/// How the wait of another thread ended, which it returns as its exit code.
func outcome(_ thread: ThreadReference) -> WaitOutcome {
  guard let (joined, code) = try? Threads.join(thread), joined == .satisfied,
    let outcome = WaitOutcome(rawValue: UInt8(truncatingIfNeeded: code))
  else { fail("a thread could not be joined") }
  return outcome
}

/// A thread that is more urgent than the behaviour's, so that it runs at once until it waits.
func urgent(_ objects: UInt, _ body: ThreadBody) -> ThreadReference {
  make(ThreadName("urgent"), level: 12, argument: objects, body)
}

/// Counts refusals, and ends the run at the first that does not come as it should.
struct Refusals {
  private(set) var count = 0

  /// Does what must be refused.
  mutating func expect(_ expected: SyncError, _ body: () throws(SyncError) -> Void) {
    do throws(SyncError) { try body() } catch {
      if error == expected {
        count += 1
        return
      }
      fail("refused as `\(error.text)` instead of `\(expected.text)`")
    }
    fail("not refused: \(expected.text)")
  }
}

/// Ends the run if something is not so.
func check(_ isSo: Bool, _ what: StaticString) {
  if !isSo { fail("not so: \(what)") }
}
