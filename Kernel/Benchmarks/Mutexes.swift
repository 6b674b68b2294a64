/// Benchmarks of mutexes.

import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Runtime
import Scheduling
import Sync

/// What two threads share: a mutex that both want, and a semaphore by which one lets the other want it.
private struct Contest {
  var mutex: Mutex
  var start: Semaphore
}

/// Makes a contest in a frame that stays with the benchmark for ever.
private func makeContest(_ frame: UInt) -> UnsafeMutablePointer<Contest> {
  // SAFETY: the frame has room for the contest and the two records, apart from each other, and for nothing else.
  let place = unsafe UnsafeMutablePointer<Contest>(bitPattern: frame).unsafelyUnwrapped
  let mutex = unsafe UnsafeMutablePointer<Mutex.Record>(bitPattern: frame + 512).unsafelyUnwrapped
  unsafe place.initialize(
    to: Contest(mutex: unsafe Mutex(at: mutex), start: semaphore(frame + 1024)))
  return unsafe place
}

/// Locks and unlocks a mutex that nobody else wants.
func benchmarkFreeMutex(_ name: Text) {
  let samples = Samples(wanted: 1_000)
  let contest = unsafe makeContest(sharedFrame()).pointee
  measureLocking(samples, contest.mutex)
  samples.report(name)
}

@inline(never)
private func measureLocking(_ samples: Samples, _ mutex: Mutex) {
  while !samples.isComplete {
    samples.begin()
    _ = try? mutex.lock()
    try? mutex.unlock()
    samples.end()
  }
}

/// A more urgent thread waits for a mutex; a sample is from the owner's call of unlock to the other's return from lock.
///
/// The owner has inherited the level of the one that waits, and falls back to its own.
func benchmarkWantedMutex(_ name: Text) {
  let frame = sharedFrame()
  let samples = Samples(wanted: 1_000)
  let contest = unsafe makeContest(frame)
  // The other finds the samples in the word behind the contest.
  cpu_store32(frame + 256, UInt32(truncatingIfNeeded: samples.address))
  cpu_store32(frame + 260, UInt32(truncatingIfNeeded: UInt64(samples.address) >> 32))
  let other = make(ThreadName("urgent"), level: 25, argument: frame) { frame in
    wantMutex(frame)
    return 0
  }
  giveMutex(samples, unsafe contest.pointee)
  _ = try? Threads.join(other)
  samples.report(name)
}

@inline(never)
private func wantMutex(_ frame: UInt) {
  let contest = unsafe UnsafeMutablePointer<Contest>(bitPattern: frame).unsafelyUnwrapped.pointee
  let address = UInt64(cpu_load32(frame + 260)) << 32 | UInt64(cpu_load32(frame + 256))
  let samples = Samples(address: UInt(truncatingIfNeeded: address))
  while !samples.isComplete {
    _ = try? contest.start.wait()
    _ = try? contest.mutex.lock()
    samples.end()
    try? contest.mutex.unlock()
  }
}

@inline(never)
private func giveMutex(_ samples: Samples, _ contest: Contest) {
  while !samples.isComplete {
    _ = try? contest.mutex.lock()
    // The other runs at once, and waits for the mutex.
    try? contest.start.signal()
    samples.begin()
    try? contest.mutex.unlock()
  }
}
