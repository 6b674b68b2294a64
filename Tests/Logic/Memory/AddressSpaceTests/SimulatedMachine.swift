import AddressSpace
import Base
import Paging
import Regions

/// Frames in dictionaries, with references counted, and a processor that remembers translations until it is told
/// to forget them: a flush that is missing shows as a wrong access.
struct SimulatedMachine<Format: PageTableFormat>: SpaceMemory {
  typealias Entry = Format.Entry

  /// A frame of a program: one byte stands for those of a page.
  struct Frame {
    var byte: UInt8 = 0
    var references = 1
  }

  /// What is in the frames, for the machine and for files.
  final class Contents {
    var frames: [FrameNumber: Frame] = [:]
    /// Frames that are pages of files, by file and page: one reference is the file system's.
    var live: [UInt64: FrameNumber] = [:]
    /// Touches to write that were asked for.
    var writes = 0
  }

  let format: Format
  var tables: [FrameNumber: [Entry]] = [:]
  let contents = Contents()
  /// How many frames may be had now.
  var framesLeft = Int.max
  var refusals = 0
  private var nextFrame: UInt32 = 0x100

  /// The root in use and what the processor remembers.
  var root: FrameNumber?
  var remembered: [UInt: Entry] = [:]
  private var topEntries: [Entry] = []

  let store = Store()
  var zeroFrame: FrameNumber { FrameNumber(1) }
  var frameLimit: UInt = 1 << 16

  init(_ format: Format) { self.format = format }

  private mutating func number() -> FrameNumber? {
    guard framesLeft > 0 else {
      refusals += 1
      return nil
    }
    framesLeft -= 1
    nextFrame += 1
    return FrameNumber(nextFrame)
  }

  // MARK: Tables

  func load(_ table: FrameNumber, _ index: Int) -> Entry {
    guard let entries = tables[table] else { preconditionFailure("frame \(table) is no table") }
    return entries[index]
  }

  mutating func store(_ entry: Entry, _ table: FrameNumber, _ index: Int) {
    precondition(tables[table] != nil, "frame \(table) is no table")
    tables[table]?[index] = entry
  }

  mutating func allocateTable() throws(PagingError) -> FrameNumber {
    guard let frame = number() else { throw .outOfFrames }
    tables[frame] = Array(repeating: 0, count: 4096 / (Entry.bitWidth / 8))
    return frame
  }

  mutating func freeTable(_ table: FrameNumber) {
    guard let entries = tables.removeValue(forKey: table) else { preconditionFailure("freed twice") }
    precondition(entries.allSatisfy { $0 == 0 }, "a table was given back that is not zero")
    framesLeft += framesLeft == .max ? 0 : 1
  }

  // MARK: Frames

  mutating func takeClearedFrame() -> FrameNumber? {
    guard let frame = number() else { return nil }
    contents.frames[frame] = Frame()
    return frame
  }

  mutating func takeFrame() -> FrameNumber? {
    guard let frame = takeClearedFrame() else { return nil }
    contents.frames[frame]?.byte = 0xDD
    return frame
  }

  mutating func retain(_ frame: FrameNumber) {
    precondition(contents.frames[frame] != nil, "a frame that is free was retained")
    contents.frames[frame]?.references += 1
  }

  mutating func release(_ frame: FrameNumber) {
    guard let count = contents.frames[frame]?.references else {
      preconditionFailure("a free frame was released")
    }
    contents.frames[frame]?.references = count - 1
    guard count == 1 else { return }
    contents.frames[frame] = nil
    framesLeft += framesLeft == .max ? 0 : 1
  }

  func isShared(_ frame: FrameNumber) -> Bool {
    frame == zeroFrame || contents.frames[frame]?.references ?? 0 > 1
  }

  mutating func copy(_ source: FrameNumber, to target: FrameNumber) {
    let byte = contents.frames[source]?.byte ?? 0
    contents.frames[target]?.byte = byte
  }

  // MARK: Processor

  mutating func flush(_ address: UInt) { remembered[address >> 12] = nil }

  mutating func flushAll() {
    remembered = [:]
    guard Format.hasBareTop, let root else { return }
    topEntries = tables[root] ?? []
  }

  /// What loading cr3 does.
  mutating func use(_ root: FrameNumber) {
    self.root = root
    flushAll()
  }

  /// The entry that the processor uses for a page, or `nil` if there is none.
  private mutating func translate(_ address: UInt) -> Entry? {
    if let entry = remembered[address >> 12] { return entry }
    guard let root else { return nil }
    if Format.hasBareTop {
      // Entries of the root are those of the moment when it was loaded.
      let index = Int(address >> UInt(Format.shift(Format.levelCount)))
      guard index < topEntries.count, topEntries[index] & 1 != 0 else { return nil }
    }
    let table = PageTable(format: format, root: root)
    guard let found = table.translate(VirtualAddress(address), in: self), found.mapping.attributes.isUser
    else { return nil }
    let entry = format.baseEntry(found.mapping.frame, found.mapping.attributes)
    remembered[address >> 12] = entry
    return entry
  }

  /// A touch by a program: the byte that is there, or `nil` if it faults.
  mutating func touch(_ address: UInt, _ access: Access, writing value: UInt8 = 0) -> UInt8? {
    guard let entry = translate(address) else { return nil }
    let frame = Format.frame(ofBaseEntry: entry)
    if access == .write {
      guard Format.isWritable(entry) else { return nil }
      precondition(frame != zeroFrame, "the frame of zeros was written")
      precondition(contents.frames[frame] != nil, "a free frame was written")
      contents.frames[frame]?.byte = value
      return value
    }
    if access == .execute, entry & format.noExecuteBit != 0 { return nil }
    if frame == zeroFrame { return 0 }
    guard let byte = contents.frames[frame]?.byte else { preconditionFailure("a free frame was read") }
    return byte
  }

  // MARK: Records

  mutating func takeRecord() -> RegionReference? { store.take() }
  mutating func giveRecord(_ record: RegionReference) { store.give(record) }
  mutating func hold(file: UInt64, isShared: Bool) { store.files[file, default: 0] += 1 }
  mutating func letGo(file: UInt64, isShared: Bool) {
    let count = store.files[file, default: 0] - 1
    precondition(count >= 0, "a file was let go too often")
    store.files[file] = count == 0 ? nil : count
  }

  final class Store {
    var files: [UInt64: Int] = [:]
    var inUse: Set<UInt> = []
    var left = Int.max

    func take() -> RegionReference? {
      guard left > 0 else { return nil }
      left -= 1
      let record = RegionReference(at: UnsafeMutablePointer<Region>.allocate(capacity: 1))
      inUse.insert(record.address)
      return record
    }

    func give(_ record: RegionReference) {
      precondition(inUse.remove(record.address) != nil, "a record was given back twice")
      left += left == .max ? 0 : 1
      UnsafeMutablePointer<Region>(bitPattern: record.address)?.deallocate()
    }
  }
}

/// Files whose first byte of each page tells file and page; file 9 can't be read.
struct TestFiles<Format: PageTableFormat>: PageSource {
  /// Pages of every file.
  static var length: UInt64 { 12 }
  /// Pages of every file that is shared.
  var length = Self.length
  let contents: SimulatedMachine<Format>.Contents

  init(contents: SimulatedMachine<Format>.Contents) { self.contents = contents }

  static func byte(_ file: UInt64, _ page: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: file * 16 + page + 1)
  }

  mutating func fill(_ frame: FrameNumber, file: UInt64, page: UInt64, byteCount: Int) -> PageFill {
    if file == 9 { return .failed }
    guard page < Self.length else { return .beyondEnd }
    contents.frames[frame]?.byte = Self.byte(file, page)
    return .filled
  }

  mutating func liveFrame(file: UInt64, page: UInt64, isWritten: Bool) -> FrameNumber? {
    guard file != 9, page < length else { return nil }
    if isWritten { contents.writes += 1 }
    let key = file << 32 | page
    let frame = contents.live[key] ?? FrameNumber(0x10_0000 + UInt32(truncatingIfNeeded: file * 256 + page))
    if contents.live[key] == nil {
      contents.live[key] = frame
      contents.frames[frame] = .init(byte: Self.byte(file, page), references: 1)
    }
    contents.frames[frame]?.references += 1
    return frame
  }
}
