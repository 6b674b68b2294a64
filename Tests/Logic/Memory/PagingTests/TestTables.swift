import Base
import Paging

/// Table frames in a dictionary, which refuses frames that are not tables and can run out at a chosen allocation.
struct TestTables<Entry: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>: TableMemory {
  var tables: [FrameNumber: [Entry]] = [:]
  var allocationsLeft = Int.max
  private var nextFrame: UInt32 = 0x100

  /// Called by `exchange` before it reads, as another processor that marks an entry.
  var meanwhile: ((inout Entry) -> Void)?

  func load(_ table: FrameNumber, _ index: Int) -> Entry {
    guard let entries = tables[table] else { preconditionFailure("frame \(table) is no table") }
    return entries[index]
  }

  mutating func store(_ entry: Entry, _ table: FrameNumber, _ index: Int) {
    precondition(tables[table] != nil, "frame \(table) is no table")
    tables[table]?[index] = entry
  }

  mutating func exchange(_ entry: Entry, _ table: FrameNumber, _ index: Int) -> Entry {
    var old = load(table, index)
    meanwhile?(&old)
    store(entry, table, index)
    return old
  }

  mutating func allocateTable() throws(PagingError) -> FrameNumber {
    guard allocationsLeft > 0 else { throw .outOfFrames }
    allocationsLeft -= 1
    let frame = FrameNumber(nextFrame)
    nextFrame += 1
    tables[frame] = Array(repeating: 0, count: 4096 / (Entry.bitWidth / 8))
    return frame
  }

  mutating func freeTable(_ table: FrameNumber) {
    precondition(tables.removeValue(forKey: table) != nil, "frame \(table) was freed twice")
  }

  /// How many tables a walk from `root` reaches: all of them, unless one leaked.
  func reachable<Format: PageTableFormat>(from root: FrameNumber, _ format: Format) -> Int
  where Format.Entry == Entry {
    func count(_ table: FrameNumber, _ level: Int) -> Int {
      guard level > 1 else { return 1 }
      // The large-page bit is bit 7 at every level that can have it.
      return (tables[table] ?? []).reduce(1) { sum, entry in
        guard entry & 1 != 0, level > format.largestLeafLevel || entry & 0x80 == 0 else { return sum }
        return sum
          + count(FrameNumber(UInt32(truncatingIfNeeded: (entry & Format.addressMask) >> 12)), level - 1)
      }
    }
    return count(root, Format.levelCount)
  }
}

extension VirtualAddress: ExpressibleByIntegerLiteral {
  /// So that tests read like memory maps.
  public init(integerLiteral value: UInt) { self.init(value) }
}

extension FrameNumber: ExpressibleByIntegerLiteral {
  /// So that tests read like memory maps.
  public init(integerLiteral value: UInt32) { self.init(value) }
}

let twoLevel = TwoLevelFormat()
let pae = PAEFormat(noExecute: true)
let fourLevel = FourLevelFormat(noExecute: true, gigabytePages: true)
