/// Benchmarks of what threads do with each other.

import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Runtime
import Scheduling
import Sync
import Trace

/// Room for records of objects that two threads share: one frame.
func sharedFrame() -> UInt {
  guard let frame = try? NodeReference().node.frames.allocate() else { preconditionFailure("no frame") }
  Frames.clear(frame)
  return Frames.address(of: frame).rawValue
}

/// A semaphore at an address in a shared frame.
func semaphore(_ address: UInt) -> Semaphore {
  // SAFETY: the address lies in a frame that stays with the benchmark for ever.
  let place = unsafe UnsafeMutablePointer<Semaphore.Record>(bitPattern: address).unsafelyUnwrapped
  guard let made = try? unsafe Semaphore(at: place, count: 0) else {
    preconditionFailure("a semaphore of none")
  }
  return made
}

/// What both sides of a round trip need, at the beginning of a shared frame.
private struct Pair {
  var there: Semaphore
  var back: Semaphore
}

/// One signals and waits, the other waits and signals; a sample is one round trip.
func benchmarkSemaphore(_ name: Text) {
  let frame = sharedFrame()
  let samples = Samples(wanted: 1_000)
  // SAFETY: the frame has room for the pair, two records and nothing else.
  let pair = unsafe UnsafeMutablePointer<Pair>(bitPattern: frame).unsafelyUnwrapped
  unsafe pair.initialize(to: Pair(there: semaphore(frame + 512), back: semaphore(frame + 1024)))
  let other = make(ThreadName("other"), argument: frame) { frame in
    let pair = unsafe UnsafePointer<Pair>(bitPattern: frame).unsafelyUnwrapped.pointee
    for _ in 0..<1_000 {
      _ = try? pair.there.wait()
      try? pair.back.signal()
    }
    return 0
  }
  Threads.yield()
  measureSemaphores(samples, unsafe pair.pointee)
  _ = try? Threads.join(other)
  samples.report(name)
}

// The loops that measure are functions of their own: what the compiler inlines does not depend on what is around.
@inline(never)
private func measureSemaphores(_ samples: Samples, _ pair: Pair) {
  while !samples.isComplete {
    samples.begin()
    try? pair.there.signal()
    _ = try? pair.back.wait()
    samples.end()
  }
}

/// Makes a thread that ends at once, and joins it.
func benchmarkLife(_ name: Text) {
  let samples = Samples(wanted: 1_000)
  while !samples.isComplete {
    samples.begin()
    let thread = make(ThreadName("short"), argument: 0) { $0 }
    _ = try? Threads.join(thread)
    samples.end()
  }
  samples.report(name)
}

/// Messages of 16 bytes there and back.
func benchmarkQueue(_ name: Text) {
  let frame = sharedFrame()
  let samples = Samples(wanted: 1_000)
  let words = 16 / MemoryLayout<UInt>.size
  func queue(_ address: UInt) -> MessageQueue {
    // SAFETY: the addresses lie in a frame that stays with the benchmark for ever, apart from each other.
    let place = unsafe UnsafeMutablePointer<MessageQueue.Record>(bitPattern: address).unsafelyUnwrapped
    let storage = unsafe UnsafeMutablePointer<UInt>(bitPattern: address + 512).unsafelyUnwrapped
    guard
      let made = try? unsafe MessageQueue(at: place, storage: storage, capacity: 4, wordsPerMessage: words)
    else {
      preconditionFailure("a queue of none")
    }
    return made
  }
  // SAFETY: as above.
  let pair = unsafe UnsafeMutablePointer<(MessageQueue, MessageQueue)>(bitPattern: frame).unsafelyUnwrapped
  unsafe pair.initialize(to: (queue(frame + 1024), queue(frame + 2048)))
  let other = make(ThreadName("other"), argument: frame) { frame in
    answerQueues(
      unsafe UnsafePointer<(MessageQueue, MessageQueue)>(bitPattern: frame).unsafelyUnwrapped.pointee,
      frame + 64)
    return 0
  }
  Threads.yield()
  measureQueues(samples, unsafe pair.pointee, frame + 128)
  _ = try? Threads.join(other)
  samples.report(name)
}

@inline(never)
private func measureQueues(
  _ samples: Samples, _ pair: (there: MessageQueue, back: MessageQueue), _ address: UInt
) {
  // SAFETY: the address lies in a frame that stays with the benchmark, and nothing else is there.
  let message = unsafe UnsafeMutablePointer<UInt>(bitPattern: address).unsafelyUnwrapped
  while !samples.isComplete {
    samples.begin()
    _ = try? unsafe pair.there.send(message)
    _ = try? unsafe pair.back.receive(into: message)
    samples.end()
  }
}

@inline(never)
private func answerQueues(_ pair: (there: MessageQueue, back: MessageQueue), _ address: UInt) {
  // SAFETY: as in `measureQueues`.
  let message = unsafe UnsafeMutablePointer<UInt>(bitPattern: address).unsafelyUnwrapped
  for _ in 0..<1_000 {
    _ = try? unsafe pair.there.receive(into: message)
    _ = try? unsafe pair.back.send(message)
  }
}

/// Yields between two threads while others of lower levels are ready, `threads` with the two.
///
/// - Parameter ready: how many of the others there are already: they stay.
func benchmarkPick(_ name: Text, threads: Int, ready: inout Int) {
  // Below the benchmark's own thread, so they are ready and never run while it measures.
  while ready < threads - 2 {
    _ = try? Threads.create(
      ThreadName("ready"), level: PriorityLevel(truncating: ready % 8), isDetached: true
    ) { _ in 0 }
    ready += 1
  }
  benchmarkYield(name, otherSpace: false)
}
