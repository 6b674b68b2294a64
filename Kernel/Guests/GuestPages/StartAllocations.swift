/// Allocations of one start of a guest, one of which may be refused to see what comes of it.

import Base
import Runtime

/// The count of allocations, by its place on the heap, where it stays: the record and what allocates share it.
@safe package struct StartAllocations: BitwiseCopyable {
  private struct Counts: BitwiseCopyable {
    var done: UInt32 = 0
    /// The one that is refused, from 1; 0 for none.
    var refused: UInt32 = 0
  }

  private let place: UnsafeMutablePointer<Counts>

  /// Makes a count of none.
  package init() {
    let address = KernelHeap.allocate(MemoryLayout<Counts>.size)
    guard let place = unsafe UnsafeMutablePointer<Counts>(bitPattern: address.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    // SAFETY: the heap has just given the memory, and nobody gives it back.
    unsafe place.initialize(to: Counts())
    unsafe self.place = place
  }

  /// Begins to count anew.
  ///
  /// - Parameter refused: the allocation that is refused, from 1; 0 for none.
  package func begin(refusing refused: UInt32) { unsafe place.pointee = Counts(refused: refused) }

  /// Counts an allocation; says whether it is to be refused, as if nothing were left.
  @inline(__always)
  package func refuses() -> Bool {
    unsafe place.pointee.done &+= 1
    return unsafe place.pointee.done == place.pointee.refused
  }

  /// Whether an allocation was refused since `begin`.
  package var hasRefused: Bool {
    unsafe place.pointee.refused != 0 && place.pointee.done >= place.pointee.refused
  }
}
