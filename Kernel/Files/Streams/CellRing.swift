/// A ring of characters with marks, in memory that is given to it.

/// A ring of cells of two bytes: a character in the lower half, marks in the upper.
///
/// The memory is a page pool's, two pages for 4,096 cells; the ring only knows places in them.
struct CellRing: BitwiseCopyable {
  static var capacity: Int { 4096 }

  private let low: PageIndex
  private let high: PageIndex
  private var head = 0
  private(set) var count = 0

  /// Makes an empty ring of two pages.
  init(_ low: PageIndex, _ high: PageIndex) {
    self.low = low
    self.high = high
  }

  var isFull: Bool { count == Self.capacity }

  /// The cell at `index` from the oldest on.
  func cell(_ index: Int, pool: borrowing PagePool) -> (character: UInt8, marks: UInt8) {
    let place = (head + index) % Self.capacity
    return (pool.byte(place, of: low), pool.byte(place, of: high))
  }

  /// Appends a cell; the ring must not be full.
  mutating func append(_ character: UInt8, marks: UInt8 = 0, pool: inout PagePool) {
    precondition(!isFull, "a full ring was given one more")
    let place = (head + count) % Self.capacity
    pool.setByte(place, of: low, character)
    pool.setByte(place, of: high, marks)
    count += 1
  }

  /// Takes the newest cell out; the ring must not be empty.
  mutating func removeLast(pool: borrowing PagePool) -> UInt8 {
    precondition(count > 0, "an empty ring was asked for a cell")
    count -= 1
    return pool.byte((head + count) % Self.capacity, of: low)
  }

  /// Takes the oldest cell out; the ring must not be empty.
  mutating func removeFirst(pool: borrowing PagePool) -> (character: UInt8, marks: UInt8) {
    precondition(count > 0, "an empty ring was asked for a cell")
    let first = cell(0, pool: pool)
    head = (head + 1) % Self.capacity
    count -= 1
    return first
  }

  /// Forgets all.
  mutating func removeAll() { count = 0 }
}
