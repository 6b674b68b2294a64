/// Page tables that the processor uses while a guest runs, made from those that the guest keeps.

import Base
import GuestInterface
import Paging

/// The shadow tables of one guest.
///
/// A guest names roots of its own tables; for each of the last eight there is a shadow. A shadow is empty at first, and
/// a page fault fills in the one page that the guest's tables show at that moment, with the frames of the machine. What
/// the guest's kernel has in common in all its tables lies in tables that all shadows share, as far as the top entries
/// of the format allow. The processor marks pages of the shadow, not the guest's: a page is shown writable only after
/// a write that marked the guest's entry dirty.
///
/// The guest's tables are memory like any other to it. Only calls tell the host of changes; a guest that forgets to
/// call sees what it showed before, which is its own memory still.
///
/// Nothing here flushes the processor's translations: the world switcher loads the root on every entry to a guest, and
/// the host uses no global pages for what guests see.
public struct ShadowPaging<Format: PageTableFormat>: ~Copyable {
  /// Roots that are kept.
  public static var rootCount: Int { 8 }

  /// The shadow of a root.
  struct Root: BitwiseCopyable {
    /// The guest-physical address of the guest's root, or `nil` for the identity view before the first root.
    var guest: UInt32?
    /// The shadow itself.
    var table: PageTable<Format>
    /// When it was last used, by the count of switches.
    var lastUse: UInt64
    /// Where it may have tables: a bit for each 64 MiB below what all shadows share, of which a program uses few.
    var used: UInt64 = 0
  }

  /// What has happened.
  public internal(set) var statistics = ShadowStatistics()
  /// Whether the guest still sees its memory at its physical addresses: it has named no root yet.
  public internal(set) var isIdentity = true

  var roots: InlineArray<8, Root?> = .init(repeating: nil)
  var current = 0 {
    didSet { if let used = roots[current] { root = used.table.root } }
  }
  /// The frame for `cr3`.
  public internal(set) var root: FrameNumber
  var switchCount: UInt64 = 0
  /// Changes whenever a call told of a change of tables: what was found by a walk before may be different now.
  public internal(set) var generation: UInt32 = 0
  /// Holds the tables that all shadows share.
  let common: PageTable<Format>
  /// Where the part begins that all of the guest's tables have in common.
  var kernelAddress: UInt32 = 0xC000_0000
  /// The pages below the top of the kernel's stack that must always be there.
  var stack: (top: UInt32, pageCount: UInt32) = (0, 0)

  /// Stacks that are in view in the part that all shadows share, by their tops and sizes; 0 for none.
  ///
  /// A guest changes its stack with every switch between its tasks, and comes back to the same ones.
  var pinned: InlineArray<8, UInt32> = .init(repeating: 0)
  var nextPinned = 0

  /// Makes the shadow of the identity view.
  public init<Memory: ShadowMemory & ~Copyable>(format: Format, in memory: inout Memory) throws(PagingError)
  where Memory.Entry == Format.Entry {
    let common = try Self.makeCommon(format: format, in: &memory)
    let first: PageTable<Format>
    do {
      first = try Self.makeRoot(sharing: common, in: &memory)
    } catch {
      Self.releaseCommon(common, in: &memory)
      throw error
    }
    self.init(common: common, identity: first)
  }

  private init(common: PageTable<Format>, identity: PageTable<Format>) {
    self.common = common
    root = identity.root
    roots[0] = Root(guest: nil, table: identity, lastUse: 0)
  }

  static func makeCommon<Memory: ShadowMemory & ~Copyable>(
    format: Format, in memory: inout Memory
  ) throws(PagingError) -> PageTable<Format> where Memory.Entry == Format.Entry {
    let table = try PageTable(format: format, in: &memory)
    do {
      try table.prepareTopTables(sharedPage, pageCount: sharedPageCount, in: &memory)
      try memory.installSwitcher(in: table.root)
      return table
    } catch {
      releaseCommon(table, in: &memory)
      throw error
    }
  }

  /// The first address of what all shadows share: the last top entry, in which the host has its part.
  public static var sharedAddress: UInt32 { 0xC000_0000 }

  static var sharedPage: VirtualAddress { VirtualAddress(UInt(sharedAddress)) }
  static var sharedPageCount: Int { 0x4_0000 }

  static func makeRoot<Memory: ShadowMemory & ~Copyable>(
    sharing common: PageTable<Format>, in memory: inout Memory
  ) throws(PagingError) -> PageTable<Format> where Memory.Entry == Format.Entry {
    let table = try PageTable(format: common.format, in: &memory)
    do {
      // A bare top (PAE) is read only when the root is loaded: its tables must be there before.
      if Format.hasBareTop {
        try table.prepareTopTables(
          VirtualAddress(0), pageCount: Int(sharedAddress >> UInt32(pageShift)), in: &memory)
      }
      try table.shareTopEntries(of: common, sharedPage, pageCount: sharedPageCount, in: &memory)
      return table
    } catch {
      release(table, in: &memory)
      throw error
    }
  }

  /// Gives back everything; nothing may be used afterwards.
  public mutating func release<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory)
  where Memory.Entry == Format.Entry {
    for index in 0..<Self.rootCount {
      if let root = roots[index] { Self.release(root.table, in: &memory) }
      roots[index] = nil
    }
    Self.releaseCommon(common, in: &memory)
  }
}
