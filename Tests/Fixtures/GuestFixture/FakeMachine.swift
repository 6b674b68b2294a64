/// A machine for guests that consists of arrays.

import Base
import GuestInterface
import Paging
import ShadowPaging

/// A guest's memory and the frames of its shadow tables.
public struct FakeMachine: ShadowMemory {
  /// The frame of the machine behind the guest's first page.
  public static let firstFrame: UInt32 = 0x1_0000
  /// The frame that the host shows of itself.
  public static let switcherFrame = FrameNumber(0x777)

  /// The guest's bytes.
  public var bytes: [UInt8]
  /// Bytes of RAM.
  public let ramSize: UInt32
  /// The counter.
  public var tick: UInt64 = 0
  /// Tables by their frames.
  public private(set) var tables: [UInt32: [UInt64]] = [:]
  /// Frames that may still become tables.
  public var tablesLeft = 1 << 20

  private var nextTable: UInt32 = 1

  /// A machine whose guest has `ramPages` of RAM and `devicePages` above.
  public init(ramPages: Int, devicePages: Int = 1) {
    bytes = .init(repeating: 0, count: (ramPages + devicePages) * pageSize)
    ramSize = UInt32(ramPages * pageSize)
  }

  /// Bytes that the guest may name.
  public var size: UInt32 { UInt32(bytes.count) }

  /// The frames of the guest.
  public var ownFrames: Range<UInt32> { Self.firstFrame..<Self.firstFrame + size / UInt32(pageSize) }

  /// The byte at an address.
  public func load8(_ address: UInt32) -> UInt8 { bytes[Int(address)] }

  /// The word at an address.
  public func load32(_ address: UInt32) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[Int(address) + $1]) << (8 * $1) }
  }

  /// Writes a byte.
  public mutating func store8(_ value: UInt8, _ address: UInt32) { bytes[Int(address)] = value }

  /// Writes a word.
  public mutating func store32(_ value: UInt32, _ address: UInt32) {
    for index in 0..<4 { bytes[Int(address) + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  /// The frame behind a page of the guest.
  public func frame(ofPage page: UInt32) -> FrameNumber {
    precondition(page < size / UInt32(pageSize), "page \(page) is not the guest's")
    return FrameNumber(Self.firstFrame + page)
  }

  /// Pages that the guest has given up.
  public private(set) var pagesGivenUp: Set<UInt32> = []
  /// Frames that the host has for pages that are taken back.
  public var framesLeft = 1 << 20

  /// Fills the page with what is not the guest's.
  public mutating func giveUp(page: UInt32) -> Bool {
    guard pagesGivenUp.insert(page).inserted else { return false }
    fill(page, with: 0xEE)
    framesLeft += 1
    return true
  }

  /// Fills the page with zeros.
  public mutating func takeBack(page: UInt32) -> TakenPage {
    guard pagesGivenUp.contains(page) else { return .notGivenUp }
    guard framesLeft > 0 else { return .outOfFrames }
    framesLeft -= 1
    pagesGivenUp.remove(page)
    fill(page, with: 0)
    return .taken
  }

  private mutating func fill(_ page: UInt32, with byte: UInt8) {
    for address in Int(page) * pageSize..<Int(page + 1) * pageSize { bytes[address] = byte }
  }

  /// The counter.
  public func now() -> UInt64 { tick }

  /// An entry of a table.
  public func load(_ table: FrameNumber, _ index: Int) -> UInt64 {
    tables[table.rawValue, default: []][index]
  }

  /// Writes an entry of a table.
  public mutating func store(_ entry: UInt64, _ table: FrameNumber, _ index: Int) {
    tables[table.rawValue, default: []][index] = entry
  }

  /// A table of zeros, as long as there are any left.
  public mutating func allocateTable() throws(PagingError) -> FrameNumber {
    guard tablesLeft > 0 else { throw .outOfFrames }
    tablesLeft -= 1
    defer { nextTable += 1 }
    tables[nextTable] = .init(repeating: 0, count: 512)
    return FrameNumber(nextTable)
  }

  /// Takes back a table.
  public mutating func freeTable(_ table: FrameNumber) {
    precondition(tables.removeValue(forKey: table.rawValue) != nil, "a table was freed twice")
    tablesLeft += 1
  }

  /// Shows one page for all that a host would show.
  public mutating func installSwitcher(in root: FrameNumber) throws(PagingError) {
    let table = PageTable(format: PAEFormat(noExecute: false), root: root)
    try table.map(
      Self.switcherFrame, at: VirtualAddress(UInt(GuestData.switcherAddress)),
      PageAttributes([.read, .execute]), in: &self)
  }

  // MARK: - The guest's own tables

  /// Makes the guest's tables show a page.
  ///
  /// - Parameters:
  ///   - root: the guest-physical address of the root.
  ///   - table: a page for the second level, used if the root has none there.
  public mutating func mapInGuest(
    _ address: UInt32, to page: UInt32, flags: UInt32, root: UInt32, table: UInt32
  ) {
    let top = root + (address >> 22) * 4
    if load32(top) & 1 == 0 { store32(table | 0x7, top) }
    store32(page << 12 | flags, load32(top) & ~0xFFF | (address >> 12 & 0x3FF) * 4)
  }
}
