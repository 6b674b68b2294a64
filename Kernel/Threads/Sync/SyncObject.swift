/// What the objects that threads wait for have in common: a record that does not move, a queue, and an end.

import Scheduling

/// What an object knows besides its queue, and whether it lives.
public protocol SyncState: BitwiseCopyable {
  /// Whether the object was not destroyed yet.
  var isAlive: Bool { get }
  /// Notes that the object is destroyed; every operation must be refused from now on.
  mutating func end()
}

/// What an object is in memory.
public struct SyncRecord<State: SyncState>: BitwiseCopyable {
  var queue: WaitQueue
  var state: State
}

/// An object, by the place of its record: one word.
///
/// Safe to use because whoever made it promised that the record stays, and `destroy` is refused while a thread waits
/// in its queue.
@safe struct SyncObject<State: SyncState>: BitwiseCopyable {
  private let record: UnsafeMutablePointer<SyncRecord<State>>

  /// Makes an object.
  ///
  /// - Safety: the memory must be writable, stay in place until `destroy` has succeeded and no reference is used
  ///   any more, and be used through references only.
  @unsafe @inline(__always)
  init(at record: UnsafeMutablePointer<SyncRecord<State>>, waitingFor reason: WaitReason, _ state: State) {
    unsafe self.record = record
    unsafe record.initialize(to: SyncRecord(queue: WaitQueue(reason: reason), state: state))
  }

  private var fields: SyncRecord<State> {
    @inline(__always) unsafeAddress {
      // SAFETY: `init(at:)` made its caller promise that the record is there.
      unsafe UnsafePointer(record)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      // SAFETY: `init(at:)` made its caller promise that the record is there and writable.
      unsafe record
    }
  }

  /// What the object knows, in place.
  var state: State {
    @inline(__always) get { fields.state }
    @inline(__always) nonmutating _modify { yield &fields.state }
  }

  /// The threads that wait for the object.
  @inline(__always)
  var queue: WaitQueueReference {
    // SAFETY: the queue is part of the record, which stays until `destroy`, and that is refused while a thread
    // waits in the queue.
    unsafe WaitQueueReference(at: &record.pointee.queue)
  }

  /// Refuses an operation on an object that was destroyed.
  @inline(__always)
  func checkAlive() throws(SyncError) { if !state.isAlive { throw .destroyed } }

  /// Ends the object's life.
  ///
  /// - Throws: `.stillWaitedFor` or `.destroyed`.
  func destroy() throws(SyncError) {
    try checkAlive()
    if !queue.isEmpty { throw .stillWaitedFor }
    state.end()
  }
}
