/// What the calls of one process cost, in the kernel's heap.

import Base
import CallProfile
import Runtime

/// The calls of one process.
@safe struct CallRecords: ~Copyable {
  private var entries: UnsafeMutablePointer<CallStatistics>?
  private var capacity = 0
  private(set) var count = 0
  /// The most threads that were seen in a call.
  var threads = 1

  init() { unsafe entries = nil }

  deinit { if let entries = unsafe entries { KernelHeap.free(VirtualAddress(UInt(bitPattern: entries))) } }

  /// Counts an invocation; `false` if there is no room for a further call.
  mutating func note(_ number: UInt16, ticks: UInt64, bytes: UInt64) -> Bool {
    var index = 0
    // SAFETY: `count` entries are initialised.
    while index < count, unsafe entries?[index].number != number { index += 1 }
    if index == count {
      guard count < capacity || grow(), let entries = unsafe entries else { return false }
      // SAFETY: there is room for one more.
      unsafe (entries + count).initialize(to: CallStatistics(number: number))
      count += 1
    }
    // SAFETY: the index is below the count.
    unsafe entries?[index].note(ticks: ticks, bytes: bytes)
    return true
  }

  /// An entry.
  mutating func withEntry(_ index: Int, _ body: (inout CallStatistics) -> Void) {
    precondition(index >= 0 && index < count)
    // SAFETY: the index was checked.
    if let entries = unsafe entries { unsafe body(&entries[index]) }
  }

  private mutating func grow() -> Bool {
    let wanted = max(16, capacity * 2)
    guard let place = KernelHeap.tryAllocate(wanted * MemoryLayout<CallStatistics>.stride),
      let new = unsafe UnsafeMutablePointer<CallStatistics>(bitPattern: place.rawValue)
    else { return false }
    if let old = unsafe entries {
      // SAFETY: the new place is larger, and the old one was this value's own.
      unsafe new.moveInitialize(from: old, count: count)
      KernelHeap.free(VirtualAddress(UInt(bitPattern: old)))
    }
    unsafe entries = new
    capacity = wanted
    return true
  }
}
