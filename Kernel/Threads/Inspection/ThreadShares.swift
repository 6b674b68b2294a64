/// Who used the processor in a span of time: what `top` shows.

import Scheduling

/// The running times of threads at one moment, to be compared with those of a later one.
///
/// It remembers the first threads in the order of creation, as many as fit; a thread that it does not know counts
/// from its beginning, because only a younger one can be unknown while there is room.
public struct ThreadShares: ~Copyable {
  /// The most threads that it remembers.
  public static var capacity: Int { 64 }
  /// The most rows that `busiest` gives.
  public static var rowCapacity: Int { 16 }

  private var identifiers: InlineArray<64, UInt32> = .init(repeating: 0)
  private var ticks: InlineArray<64, UInt64> = .init(repeating: 0)
  private var switches: InlineArray<64, UInt32> = .init(repeating: 0)
  private var count = 0
  // The busiest rows so far, the busiest first.
  private var rows: InlineArray<16, ThreadRow?> = .init(repeating: nil)
  /// How many rows there are, at most `rowCapacity`.
  public private(set) var rowCount = 0
  /// How many threads are not among the rows.
  public private(set) var leftOut = 0

  /// Knows no thread yet.
  public init() {}

  /// Notes a thread at the beginning of the span.
  public mutating func begin(_ row: ThreadRow) {
    guard count < Self.capacity else { return }
    identifiers[count] = row.identifier
    ticks[count] = row.runTicks
    switches[count] = row.switchCount
    count += 1
  }

  /// Takes a thread at the end of the span; its row then tells of the span only.
  public mutating func end(_ row: ThreadRow) {
    var row = row
    for index in 0..<count where identifiers[index] == row.identifier {
      row.runTicks = row.runTicks &- ticks[index]
      row.switchCount = row.switchCount &- switches[index]
    }
    var place = rowCount
    while place > 0, let before = rows[place - 1], before.runTicks < row.runTicks { place -= 1 }
    if rowCount == Self.rowCapacity { leftOut += 1 } else { rowCount += 1 }
    guard place < Self.rowCapacity else { return }
    var index = rowCount - 1
    while index > place {
      rows[index] = rows[index - 1]
      index -= 1
    }
    rows[place] = row
  }

  /// The row at `index`, the busiest first, from 0 to `rowCount - 1`.
  public func row(_ index: Int) -> ThreadRow? { rows[index] }
}

extension Scheduler {
  /// The first thread in the order of creation that was made after the one with a number; `nil` if there is none.
  ///
  /// To walk through all threads without holding on to one: between two steps any of them may end and be gone.
  public func thread(after identifier: UInt32?) -> ThreadReference? {
    var next: ThreadReference? = firstInList
    guard let identifier else { return next }
    while let thread = next, thread.fields.identifier <= identifier { next = thread.nextInList }
    return next
  }
}
