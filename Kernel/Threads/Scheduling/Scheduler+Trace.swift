/// What the scheduler tells a trace.
///
/// Wakes, locks and changes of level are recorded where they happen, with one test when the trace is off. What a
/// thread that is left waits for, or that it has ended, is recorded with the switch, so that waiting and ending cost
/// nothing more.

import Trace

extension Scheduler {
  /// Records events in memory from now on.
  ///
  /// - Returns: whether address and size are as they must be.
  /// - Safety: see `TraceRing.start`.
  @unsafe @export(interface)
  public mutating func startTrace(
    in memory: UnsafeMutableRawPointer, size: UInt, processor: UInt32, ticksPerSecond: UInt64
  ) -> Bool {
    // SAFETY: the caller promises the memory.
    guard
      unsafe trace.start(in: memory, size: size, processor: processor, ticksPerSecond: ticksPerSecond)
    else { return false }
    var next: ThreadReference? = firstInList
    while let thread = next {
      noteName(of: thread)
      next = thread.nextInList
    }
    trace.record(.switching, large: current.fields.identifier)
    return true
  }

  /// Records that the processor goes from one thread to another, and why; the trace is on.
  @inline(__always)
  public mutating func noteSwitch(_ handover: Handover, _ cause: SwitchCause, at now: UInt64) {
    if cause == .wait { noteLeaving(handover.from, at: now) }
    trace.recordAlways(
      .switching, small: cause.rawValue, large: handover.to.fields.identifier, at: now)
  }

  /// Records why a thread does not go on.
  @export(interface)
  mutating func noteLeaving(_ thread: ThreadReference, at now: UInt64) {
    if thread.fields.stateCode == .exited {
      trace.record(.exit, large: thread.fields.identifier, at: now)
    } else if let reason = thread.waitReason {
      let queue = thread.fields.waitQueue?.address ?? 0
      trace.record(
        .waitBegin, small: UInt16(reason.rawValue), large: UInt32(truncatingIfNeeded: queue), at: now)
    }
  }

  /// Records that a thread was made ready.
  @inline(__always)
  mutating func noteWake(_ thread: ThreadReference) {
    trace.record(.wake, small: UInt16(thread.fields.outcomeCode.rawValue), large: thread.fields.identifier)
  }

  /// Records who has a lock, or had it.
  @inline(__always)
  mutating func note(_ kind: TraceKind, _ mutex: WaitQueueReference, by thread: ThreadReference) {
    trace.record(
      kind, small: UInt16(truncatingIfNeeded: thread.fields.identifier),
      large: UInt32(truncatingIfNeeded: mutex.address))
  }

  /// Records a new thread and its name.
  @inline(never)
  mutating func noteCreation(of thread: ThreadReference) {
    noteName(of: thread)
    trace.record(.create, small: UInt16(thread.level.number), large: thread.fields.identifier)
  }

  private mutating func noteName(of thread: ThreadReference) {
    trace.note(name: thread.fields.name.words, ofThread: thread.fields.identifier)
  }
}

extension ThreadName {
  /// The name as two words, the first byte lowest.
  var words: (low: UInt64, high: UInt64) {
    var words: (low: UInt64, high: UInt64) = (0, 0)
    for index in 0..<8 {
      words.low |= UInt64(self[index]) << UInt64(8 * index)
      words.high |= UInt64(self[index + 8]) << UInt64(8 * index)
    }
    return words
  }

  /// Makes a name of two words, the first byte lowest.
  public init(_ words: (low: UInt64, high: UInt64)) {
    var bytes: InlineArray<16, UInt8> = .init(repeating: 0)
    for index in 0..<8 {
      bytes[index] = UInt8(truncatingIfNeeded: words.low >> UInt64(8 * index))
      bytes[index + 8] = UInt8(truncatingIfNeeded: words.high >> UInt64(8 * index))
    }
    var count = 0
    while count < 16, bytes[count] != 0 { count += 1 }
    self.init(printable: bytes.span.extracting(0..<count))
  }
}
