/// What differs between the kinds of page tables, and what they share.
///
/// All x86 formats have the same marks in the low twelve bits of an entry (Intel SDM volume 3, 4.3 to 4.5; AMD APM
/// volume 2, 5.2 to 5.4):
///
///     63  62..52   51..12    11..9     8  7   6  5  4    3    2    1    0
///     NX  ignored  address   software  G  PS  D  A  PCD  PWT  U/S  R/W  P
///
/// Levels are counted from the bottom: entries of level 1 map base pages, the root is the highest level.

import Base

/// A geometry of page tables, configured for a processor.
public protocol PageTableFormat: BitwiseCopyable, Sendable {
  /// An entry, 32 or 64 bits.
  associatedtype Entry: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable

  /// How many tables a walk passes.
  static var levelCount: Int { get }
  /// The bits of an address that select an entry of a table below the root.
  static var indexBits: Int { get }
  /// The bits of an address that select an entry of the root.
  static var topIndexBits: Int { get }
  /// The bits of a virtual address: 32, or 48 with the upper ones repeating the last.
  static var addressBits: Int { get }
  /// The bits of an entry that hold a physical address this kernel can name (`FrameNumber` reaches 16 TiB).
  static var addressMask: Entry { get }
  /// Address bits beyond that. An entry that has one is treated as absent: none of ours has.
  static var unreachableMask: Entry { get }
  /// Whether entries of the root hold only an address and P, and the processor reads them only when `cr3` is
  /// loaded: after a root entry changes, load it again, or fill the root at the start with `prepareTopTables`.
  static var hasBareTop: Bool { get }

  /// The bits of an entry that name a frame, and back.
  ///
  /// Each format says it for its own kind of entry: the generic conversion between kinds of integers is a call.
  static func bits(of frame: FrameNumber) -> Entry
  /// The frame whose bits an entry has.
  static func frame(of entry: Entry) -> FrameNumber

  /// The bit that forbids execution, or 0 where the processor has none or was not told to use it.
  var noExecuteBit: Entry { get }
  /// The highest level at which an entry may map a page on any processor.
  static var highestLeafLevel: Int { get }
  /// The highest level at which an entry may map a page, as the processor has it; 1 without large pages.
  var largestLeafLevel: Int { get }
}

/// What formats with entries of 64 bits share: a table has 512 of them.
extension PageTableFormat where Entry == UInt64 {
  /// Address bits per level.
  @inlinable public static var indexBits: Int { 9 }
  /// Address bits of an entry.
  @inlinable public static var addressMask: UInt64 { 0x0000_0FFF_FFFF_F000 }
  /// Address bits of an entry that the kernel cannot name.
  @inlinable public static var unreachableMask: UInt64 { 0x000F_F000_0000_0000 }
  /// The bits of an entry that name a frame.
  @inlinable @inline(__always)
  public static func bits(of frame: FrameNumber) -> UInt64 { UInt64(frame.rawValue) &<< 12 }
  /// The frame whose bits an entry has.
  @inlinable @inline(__always)
  public static func frame(of entry: UInt64) -> FrameNumber {
    FrameNumber(UInt32(truncatingIfNeeded: (entry & addressMask) &>> 12))
  }
}

// MARK: - Geometry

extension PageTableFormat {
  /// The bits of an address below those that select an entry of `level`.
  @inlinable @inline(__always)
  public static func shift(_ level: Int) -> Int { pageShift + indexBits * (level - 1) }

  /// The entries in a table of `level`.
  @inlinable @inline(__always)
  public static func entryCount(_ level: Int) -> Int { 1 << (level == levelCount ? topIndexBits : indexBits) }

  /// The entry of `level` that an address selects.
  @inlinable @inline(__always)
  public static func index(_ address: UInt, _ level: Int) -> Int {
    Int(truncatingIfNeeded: address >> UInt(shift(level))) & (entryCount(level) - 1)
  }

  /// The base pages that an entry of `level` covers.
  @inlinable @inline(__always)
  static func pageCount(_ level: Int) -> Int { 1 << (indexBits * (level - 1)) }

  /// Ones for the bits of an address within what an entry of `level` covers.
  @inlinable @inline(__always)
  static func offsetMask(_ level: Int) -> UInt { ~(UInt.max << UInt(shift(level))) }

  /// The last address that can be translated.
  @inlinable @inline(__always)
  static var lastAddress: UInt { addressBits == 32 ? UInt(UInt32.max) : UInt.max }

  /// Whether the format can translate the address.
  @inlinable @inline(__always)
  public static func isCanonical(_ address: UInt) -> Bool { canonical(address) == address }

  /// The address with its upper bits as the processor wants them.
  @inlinable @inline(__always)
  static func canonical(_ address: UInt) -> UInt {
    if addressBits == 32 { return address & UInt(UInt32.max) }
    let unused = max(UInt.bitWidth - addressBits, 0)
    return UInt(bitPattern: Int(bitPattern: address << UInt(unused)) >> unused)
  }

  /// The level whose entries map pages of `size`, or `nil` if there is none on this processor.
  @inlinable @inline(__always)
  func level(of size: PageSize) -> Int? {
    var level = 1
    while level <= largestLeafLevel {
      if Self.shift(level) == Int(size.shift) { return level }
      level += 1
    }
    return nil
  }
}

// MARK: - Entries

extension PageTableFormat {
  /// P, R/W, U/S and PS.
  @inlinable @inline(__always) static var presentBit: Entry { 1 }
  @inlinable @inline(__always) static var writeBit: Entry { 1 << 1 }
  @inlinable @inline(__always) static var userBit: Entry { 1 << 2 }
  @inlinable @inline(__always) static var largeBit: Entry { 1 << 7 }
  /// A and D.
  @inlinable @inline(__always) static var usageBits: Entry { 3 << 5 }
  /// All low marks but P and PS.
  @inlinable @inline(__always) static var markBits: Entry { 0xF7E }

  /// Whether the entry leads anywhere.
  @inlinable @inline(__always)
  func isPresent(_ entry: Entry) -> Bool {
    entry & (Self.presentBit | Self.unreachableMask) == Self.presentBit
  }

  /// Whether a present entry of `level` maps a page; otherwise it names a table.
  @inlinable @inline(__always)
  func isLeaf(_ entry: Entry, _ level: Int) -> Bool {
    level == 1
      || level <= Self.highestLeafLevel && level <= largestLeafLevel && entry & Self.largeBit != 0
  }

  /// Whether an entry of `level` names a table.
  ///
  /// The first test decides at every step of a walk but the last, in one comparison; the second one is for
  /// processors that ignore the PS bit.
  @inlinable @inline(__always)
  func isTable(_ entry: Entry, _ level: Int) -> Bool {
    if level == 1 { return false }
    let leafBit = level <= Self.highestLeafLevel ? Self.largeBit : 0
    if entry & (Self.presentBit | Self.unreachableMask | leafBit) == Self.presentBit { return true }
    return isPresent(entry) && !isLeaf(entry, level)
  }

  /// The table that an entry names.
  @inlinable @inline(__always)
  static func table(_ entry: Entry) -> FrameNumber {
    frame(of: entry)
  }

  /// The first frame that a leaf of `level` maps.
  ///
  /// In large pages the low address bits mean other things.
  @inlinable @inline(__always)
  static func frame(_ entry: Entry, _ level: Int) -> FrameNumber {
    FrameNumber(table(entry).rawValue & ~UInt32(truncatingIfNeeded: pageCount(level) - 1))
  }

  /// An entry of `level` that names a table and denies nothing: permissions are decided at the leaf.
  @inlinable @inline(__always)
  func tableEntry(_ table: FrameNumber, _ level: Int) -> Entry {
    let marks =
      Self.hasBareTop && level == Self.levelCount ? 1 : Self.presentBit | Self.writeBit | Self.userBit
    return Self.bits(of: table) | marks
  }

  /// An entry of `level` that maps pages from `frame` on.
  @inlinable @inline(__always)
  func leaf(_ frame: FrameNumber, _ attributes: PageAttributes, _ level: Int) -> Entry {
    var entry =
      Self.bits(of: frame) | Entry(attributes.bits) & Self.markBits | Self.presentBit
    if attributes.bits & 1 == 0 { entry |= noExecuteBit }
    if level > 1 { entry |= Self.largeBit }
    return entry
  }

  /// What an entry of `level` that names a table grants to the entries below: ones but for what it denies.
  @inlinable @inline(__always)
  func grants(_ entry: Entry, _ level: Int) -> Entry {
    if Self.hasBareTop && level == Self.levelCount { return ~0 }
    return (entry ^ noExecuteBit) | ~(Self.writeBit | Self.userBit | noExecuteBit)
  }

  /// The attributes of a leaf below entries that grant `granted`.
  @inlinable @inline(__always)
  func attributes(_ entry: Entry, granted: Entry) -> PageAttributes {
    let effective = (entry ^ noExecuteBit) & granted
    let execute: UInt16 = effective & noExecuteBit == noExecuteBit ? 1 : 0
    return PageAttributes(bits: UInt16(truncatingIfNeeded: effective & Self.markBits) | execute)
  }
}
