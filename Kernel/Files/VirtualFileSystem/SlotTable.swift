/// Records in a fixed number of slots, given out and taken back by index.

/// A table of records in memory that is given to it.
///
/// - Invariant: a slot is in use exactly while it is not in the list of free ones; only slots below `used` have
///   ever been given out.
@safe package struct SlotTable<Record: BitwiseCopyable>: ~Copyable {
  private let records: UnsafeMutablePointer<Record>
  private let next: UnsafeMutablePointer<UInt16>
  /// The number of slots.
  package let capacity: Int
  private var used = 0
  private var firstFree: UInt16 = Self.none
  /// Slots in use.
  package private(set) var count = 0

  private static var none: UInt16 { .max }
  private static var inUse: UInt16 { .max - 1 }

  /// Bytes that a table of `capacity` slots needs, a multiple of 16.
  static func byteCount(_ capacity: Int) -> Int {
    (capacity * MemoryLayout<Record>.stride + capacity * 2 + 15) & ~15
  }

  /// Makes an empty table.
  ///
  /// - Safety: `byteCount(capacity)` bytes at `memory`, aligned to 16, belong to the table for ever.
  @unsafe package init(at memory: UnsafeMutableRawPointer, capacity: Int) {
    precondition(capacity >= 0 && capacity < Int(Self.inUse), "a table has an impossible size")
    unsafe records = memory.assumingMemoryBound(to: Record.self)
    unsafe next = (memory + capacity * MemoryLayout<Record>.stride).assumingMemoryBound(to: UInt16.self)
    self.capacity = capacity
  }

  package var isFull: Bool { count == capacity }

  /// Puts a record into a free slot; `nil` when there is none.
  package mutating func insert(_ record: Record) -> Int? {
    guard count < capacity else { return nil }
    var index = used
    if firstFree != Self.none {
      index = Int(firstFree)
      // SAFETY: an index in the list of free slots is below `used`.
      unsafe firstFree = next[index]
    } else {
      used += 1
    }
    count += 1
    // SAFETY: the index is below the capacity, and the slot was free.
    unsafe next[index] = Self.inUse
    unsafe (records + index).initialize(to: record)
    return index
  }

  /// Frees a slot.
  package mutating func remove(_ index: Int) {
    precondition(contains(index), "a record was removed that is not there")
    // SAFETY: the index was just checked.
    unsafe next[index] = firstFree
    firstFree = UInt16(index)
    count -= 1
  }

  /// Whether a slot is in use.
  @inline(__always)
  package func contains(_ index: Int) -> Bool {
    guard index >= 0, index < used else { return false }
    // SAFETY: slots below `used` have a link.
    return unsafe next[index] == Self.inUse
  }

  /// One past the highest slot that has ever been in use.
  package var end: Int { used }

  /// Where the record in a slot in use lies.
  ///
  /// - Safety: only until the slot is freed.
  @unsafe @inline(__always)
  package mutating func place(_ index: Int) -> UnsafeMutablePointer<Record> {
    precondition(contains(index), "a record was asked for that is not there")
    return unsafe records + index
  }

  /// The record in a slot in use.
  package subscript(index: Int) -> Record {
    @inline(__always) unsafeAddress {
      precondition(contains(index), "a record was asked for that is not there")
      // SAFETY: the slot is in use, so its record is initialised.
      return unsafe UnsafePointer(records + index)
    }
    @inline(__always) unsafeMutableAddress {
      precondition(contains(index), "a record was asked for that is not there")
      // SAFETY: the slot is in use, so its record is initialised.
      return unsafe records + index
    }
  }
}
