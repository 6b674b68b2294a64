/// The thread that wakes a guest's processor when the guest's clock is due.
///
/// A guest that computes is left only by interrupts of the machine. This thread, more urgent than the guest's, sleeps
/// until the guest's next event: the interrupt that wakes it is the one that leaves the guest.

import Arch
import Base
import CMachine
import Log
import Runtime
import Scheduling

/// An alarm, by the place of what two threads share of it.
@safe package struct GuestAlarm: BitwiseCopyable {
  /// What the two threads share.
  package struct Fields: BitwiseCopyable {
    /// The tick at which the guest's clock is due; `UInt64.max` for never.
    package var deadline: UInt64 = .max
    /// The tick until which the alarm's thread sleeps.
    var sleepsUntil: UInt64 = .max
    /// The guest is to be looked at before it is entered again.
    package var isDue = true
    /// The guest is no more.
    package var isOver = false
  }

  private let place: UnsafeMutablePointer<Fields>
  private let thread: ThreadReference

  /// What the two threads share.
  package var fields: Fields {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(place) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe place }
  }

  /// Makes the alarm of a guest, whose thread has a level, and starts it.
  package init(of record: GuestReference, level: PriorityLevel) throws(GuestStartError) {
    guard !record.refuses(),
      let address = Processor.withoutInterrupts({ KernelHeap.tryAllocate(MemoryLayout<Fields>.size) }),
      let place = unsafe UnsafeMutablePointer<Fields>(bitPattern: address.rawValue)
    else { throw .memory }
    // SAFETY: the heap has just given the memory.
    unsafe place.initialize(to: Fields())
    unsafe self.place = place
    guard !record.refuses() else {
      KernelHeap.free(address)
      throw .memory
    }
    do {
      thread = try Threads.create(ThreadName("guest-clock"), level: level, argument: address.rawValue) {
        unsafe GuestAlarm.run(UnsafeMutablePointer<Fields>(bitPattern: $0))
        return 0
      }
    } catch {
      KernelHeap.free(address)
      throw .memory
    }
  }

  /// Ends the thread and gives the memory back.
  package func release() {
    fields.isOver = true
    try? Threads.cancelWait(of: thread)
    _ = try? Threads.join(thread)
    KernelHeap.free(unsafe VirtualAddress(UInt(bitPattern: place)))
  }

  /// Learns of the guest's next event; the thread is woken if it would sleep for too long.
  package func set(_ deadline: UInt64) {
    fields.deadline = deadline
    if deadline < fields.sleepsUntil { try? Threads.cancelWait(of: thread) }
  }

  /// What the thread does.
  private static func run(_ place: UnsafeMutablePointer<Fields>?) {
    // SAFETY: `release` keeps the memory until this thread has ended.
    guard let place = unsafe place else { return }
    while unsafe !place.pointee.isOver {
      let deadline = unsafe place.pointee.deadline
      unsafe place.pointee.sleepsUntil = deadline
      _ = try? Threads.sleep(until: deadline)
      if unsafe cpu_rdtsc() >= place.pointee.deadline {
        unsafe place.pointee.isDue = true
        // The next event is the guest's to set.
        unsafe place.pointee.deadline = .max
      }
    }
  }
}
