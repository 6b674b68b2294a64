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
  public private(set) var statistics = ShadowStatistics()
  /// Whether the guest still sees its memory at its physical addresses: it has named no root yet.
  public private(set) var isIdentity = true

  var roots: InlineArray<8, Root?> = .init(repeating: nil)
  private(set) var current = 0 {
    didSet { if let used = roots[current] { root = used.table.root } }
  }
  /// The frame for `cr3`.
  public private(set) var root: FrameNumber
  private var switchCount: UInt64 = 0
  /// Changes whenever a call told of a change of tables: what was found by a walk before may be different now.
  public private(set) var generation: UInt32 = 0
  /// Holds the tables that all shadows share.
  let common: PageTable<Format>
  /// Where the part begins that all of the guest's tables have in common.
  private var kernelAddress: UInt32 = 0xC000_0000
  /// The pages below the top of the kernel's stack that must always be there.
  private var stack: (top: UInt32, pageCount: UInt32) = (0, 0)

  /// Stacks that are in view in the part that all shadows share, by their tops and sizes; 0 for none.
  ///
  /// A guest changes its stack with every switch between its tasks, and comes back to the same ones.
  private var pinned: InlineArray<8, UInt32> = .init(repeating: 0)
  private var nextPinned = 0

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

  private static func makeCommon<Memory: ShadowMemory & ~Copyable>(
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

  private static func makeRoot<Memory: ShadowMemory & ~Copyable>(
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

  // MARK: - Calls

  /// Learns where the guest's kernel begins, and forgets all translations.
  ///
  /// - Returns: what is wrong with the address, or `nil`.
  public mutating func setKernelAddress<Memory: ShadowMemory & ~Copyable>(
    _ address: UInt32, in memory: inout Memory
  ) -> GuestMistake? where Memory.Entry == Format.Entry {
    guard address <= Self.sharedAddress else { return GuestMistake(.badKernelAddress, address) }
    kernelAddress = address
    flushAll(in: &memory)
    return nil
  }

  /// Goes on with another root of the guest.
  public mutating func use<Memory: ShadowMemory & ~Copyable>(
    guestRoot: UInt32, in memory: inout Memory
  ) -> GuestMistake? where Memory.Entry == Format.Entry {
    guard memory.contains(guestRoot & ~0xFFF, byteCount: UInt32(pageSize)) else {
      return GuestMistake(.badRoot, guestRoot)
    }
    if useKnown(guestRoot: guestRoot) { return nil }
    generation &+= 1
    if isIdentity {
      // What was shown at physical addresses must not be seen under the guest's own tables.
      flushAll(in: &memory)
      isIdentity = false
    }
    switchCount += 1
    statistics.rootMisses += 1
    guard let index = takePlace(in: &memory) else { return GuestMistake(.outOfTables, guestRoot) }
    roots[index]?.guest = guestRoot & ~0xFFF
    roots[index]?.lastUse = switchCount
    current = index
    return pinStack(in: &memory)
  }

  /// Goes on with another root, if it has a shadow; returns whether it has.
  @inline(__always)
  public mutating func useKnown(guestRoot: UInt32) -> Bool {
    guard !isIdentity, let known = index(of: guestRoot & ~0xFFF) else { return false }
    generation &+= 1
    switchCount &+= 1
    statistics.rootHits &+= 1
    current = known
    roots[known]?.lastUse = switchCount
    return true
  }

  /// Goes on with another stack of the kernel, if it is one of those in view; returns whether it is.
  @inline(__always)
  public mutating func useKnownStack(top: UInt32, pageCount: UInt32) -> Bool {
    guard pageCount &- 1 < 2, isPinned(top, pageCount) else { return false }
    stack = (top, pageCount)
    return true
  }

  /// Whether a stack is in view in every shadow.
  ///
  /// The two lowest bits of a sane top have room for the number of pages.
  @inline(__always)
  private mutating func isPinned(_ top: UInt32, _ pageCount: UInt32) -> Bool {
    guard top & 3 == 0, !isIdentity else { return false }
    for index in 0..<pinned.count where pinned[index] == top | pageCount { return true }
    return false
  }

  /// Forgets what programs see in the present shadow.
  public mutating func flushUser<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory)
  where Memory.Entry == Format.Entry {
    generation &+= 1
    forgetUsed(of: current, below: min(kernelAddress, Self.sharedAddress), in: &memory)
  }

  /// Forgets everything in all shadows, and shows the kernel's stack again.
  public mutating func flushAll<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory)
  where Memory.Entry == Format.Entry {
    statistics.flushes += 1
    generation &+= 1
    for index in 0..<Self.rootCount { forgetUsed(of: index, below: Self.sharedAddress, in: &memory) }
    forget(common, from: Self.sharedAddress, through: GuestData.switcherAddress - 1, in: &memory)
    unpinAll()
  }

  /// The same, by a call: says what is wrong with the stack afterwards.
  public mutating func flushAllAndPin<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory)
    -> GuestMistake?
  where Memory.Entry == Format.Entry {
    flushAll(in: &memory)
    return pinStack(in: &memory)
  }

  /// Learns of a changed entry for a page.
  ///
  /// Kernel pages change in every root. A page that was used is shown again at once, because it will be used again.
  public mutating func setPageEntry<Memory: ShadowMemory & ~Copyable>(
    guestRoot: UInt32, address: UInt32, entry: UInt32, in memory: inout Memory
  ) -> GuestMistake? where Memory.Entry == Format.Entry {
    guard address < GuestData.switcherAddress else { return GuestMistake(.switcherTouched, address) }
    generation &+= 1
    // What all shadows share needs one visit, by any of them.
    if address >= Self.sharedAddress {
      unpinAll()
      return change(address, to: entry, in: current, &memory)
    }
    let isCommon = address >= kernelAddress
    for index in 0..<Self.rootCount where roots[index] != nil {
      guard isCommon || roots[index]?.guest == guestRoot & ~0xFFF else { continue }
      if let mistake = change(address, to: entry, in: index, &memory) { return mistake }
    }
    return nil
  }

  private mutating func change<Memory: ShadowMemory & ~Copyable>(
    _ address: UInt32, to entry: UInt32, in index: Int, _ memory: inout Memory
  ) -> GuestMistake? where Memory.Entry == Format.Entry {
    guard let root = roots[index] else { return nil }
    drop(address, from: root.table, in: &memory)
    // Only what the guest's tables say counts, not what the call says.
    let used = GuestEntry.present | GuestEntry.accessed
    guard entry & used == used, let guest = root.guest else { return nil }
    noteUse(of: address, in: index)
    return refill(root.table, guest, address, in: &memory)
  }

  /// Learns of a changed entry in a root.
  public mutating func setRootEntry<Memory: ShadowMemory & ~Copyable>(
    guestRoot: UInt32, index: UInt32, in memory: inout Memory
  ) -> GuestMistake? where Memory.Entry == Format.Entry {
    guard index < 1_024 else { return GuestMistake(.badRootEntryIndex, index) }
    generation &+= 1
    let first = index << 22
    guard first < GuestData.switcherAddress else { return nil }
    if first >= Self.sharedAddress { unpinAll() }
    guard let place = self.index(of: guestRoot & ~0xFFF), let root = roots[place] else { return nil }
    forget(root.table, from: first, through: first | 0x3F_FFFF, in: &memory)
    return nil
  }

  /// Keeps the pages below the top of the kernel's stack in view from now on.
  ///
  /// The processor pushes there when a program makes a system call that the host does not see.
  public mutating func setStack<Memory: ShadowMemory & ~Copyable>(
    top: UInt32, pageCount: UInt32, in memory: inout Memory
  ) -> GuestMistake? where Memory.Entry == Format.Entry {
    stack = (top, pageCount)
    return pinStack(in: &memory)
  }

  // MARK: - Faults

  /// Deals with a page fault.
  public mutating func fault<Memory: ShadowMemory & ~Copyable>(
    at address: UInt32, _ access: GuestAccess, in memory: inout Memory
  ) -> ShadowFault where Memory.Entry == Format.Entry {
    guard address < GuestData.switcherAddress else {
      // A program must not be able to end the guest that it runs in.
      return access.isUser ? .reflected(isPresent: false) : .killed(GuestMistake(.switcherTouched, address))
    }
    guard let root = roots[current] else { return .killed(GuestMistake(.outOfTables, address)) }
    noteUse(of: address, in: current)
    var result = fill(root.table, root.guest, address, access, in: &memory)
    if case .killed(let mistake) = result, mistake.kind == .outOfTables {
      // A guest may show its pages at more addresses than there are tables for: those of its shadows are given back.
      statistics.reclaims += 1
      if let mistake = flushAllAndPin(in: &memory) { return .killed(mistake) }
      noteUse(of: address, in: current)
      result = fill(root.table, root.guest, address, access, in: &memory)
    }
    switch result {
    case .filled: statistics.fills += 1
    case .reflected: statistics.reflections += 1
    case .killed: break
    }
    return result
  }

  /// Where an address of the guest leads, guest-physical, for the host's own reading and writing of frames.
  ///
  /// - Returns: `nil` if the guest's tables do not allow the access.
  public mutating func guestPhysical<Memory: ShadowMemory & ~Copyable>(
    _ address: UInt32, _ access: GuestAccess, in memory: inout Memory
  ) -> UInt32? {
    guard let guest = roots[current]?.guest else {
      return memory.contains(address, byteCount: 1) ? address : nil
    }
    guard case .mapped(let found) = GuestWalker(root: guest).walk(address, in: memory),
      access.isAllowed(by: found.flags)
    else { return nil }
    let marks = GuestEntry.accessed | (access.isWrite ? GuestEntry.dirty : 0)
    if found.entry & marks != marks { memory.store32(found.entry | marks, found.entryAddress) }
    return found.entry & ~0xFFF | address & 0xFFF
  }

  private mutating func fill<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, _ guest: UInt32?, _ address: UInt32, _ access: GuestAccess,
    in memory: inout Memory
  ) -> ShadowFault where Memory.Entry == Format.Entry {
    guard let guest else { return fillIdentity(table, address, in: &memory) }
    switch GuestWalker(root: guest).walk(address, in: memory) {
    case .notMapped: return .reflected(isPresent: false)
    case .mistake(let mistake): return .killed(mistake)
    case .mapped(let found):
      guard access.isAllowed(by: found.flags) else { return .reflected(isPresent: true) }
      let entry = found.entry | GuestEntry.accessed | (access.isWrite ? GuestEntry.dirty : 0)
      if entry != found.entry { memory.store32(entry, found.entryAddress) }
      let result = show(table, address, entry, flags: found.flags, in: &memory)
      if result == .filled { showAround(table, address, entry, at: found.entryAddress, in: &memory) }
      return result
    }
  }

  /// Pages that are looked at when one is shown: a guest's kernel has all its memory in a row, in use from the start.
  private static var around: UInt32 { 16 }

  /// Shows the pages around one that was just shown, as far as the guest's tables have them in use with the same rights.
  ///
  /// Each would cost a fault; here it costs a look at two words.
  private mutating func showAround<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, _ address: UInt32, _ entry: UInt32, at entryAddress: UInt32,
    in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    guard let place = try? table.place(of: UInt(address), in: &memory) else { return }
    let ownPage = Format.Entry(truncatingIfNeeded: memory.frame(ofPage: GuestEntry.page(entry)).rawValue)
    let template = memory.load(place.table, place.index) & ~(ownPage << Format.Entry(pageShift))
    let same =
      GuestEntry.present | GuestEntry.writable | GuestEntry.user | GuestEntry.accessed | GuestEntry.dirty
      | GuestEntry.large
    let position = Int(address >> UInt32(pageShift) & (Self.around - 1))
    for index in 0..<Int(Self.around) where index != position {
      // Neighbours lie in the same two tables: both begin with a multiple of this number of pages.
      let other = memory.load32(entryAddress &+ UInt32(truncatingIfNeeded: (index &- position) &* 4))
      guard (other ^ entry) & same == 0, memory.contains(other & ~0xFFF, byteCount: UInt32(pageSize)),
        !Format.isUsable(memory.load(place.table, place.index &+ index &- position))
      else { continue }
      let frame = Format.Entry(truncatingIfNeeded: memory.frame(ofPage: GuestEntry.page(other)).rawValue)
      memory.store(
        template | frame << Format.Entry(pageShift), place.table, place.index &+ index &- position)
    }
  }

  /// Shows a used page again, if the guest's tables allow it.
  private mutating func refill<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, _ guest: UInt32, _ address: UInt32, in memory: inout Memory
  ) -> GuestMistake? where Memory.Entry == Format.Entry {
    guard case .mapped(let found) = GuestWalker(root: guest).walk(address, in: memory),
      found.entry & GuestEntry.accessed != 0
    else { return nil }
    // Without a table for it, it is shown when it is used.
    _ = show(table, address, found.entry, flags: found.flags, in: &memory)
    return nil
  }

  private mutating func fillIdentity<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, _ address: UInt32, in memory: inout Memory
  ) -> ShadowFault where Memory.Entry == Format.Entry {
    guard memory.contains(address, byteCount: 1) else { return .killed(GuestMistake(.badAddress, address)) }
    return show(
      table, address, address & ~0xFFF | GuestEntry.dirty, flags: GuestEntry.writable, in: &memory)
  }

  /// Puts a page into a shadow, instead of what was there.
  private mutating func show<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, _ address: UInt32, _ entry: UInt32, flags: UInt32, in memory: inout Memory
  ) -> ShadowFault where Memory.Entry == Format.Entry {
    let isWritable = flags & GuestEntry.writable != 0 && entry & GuestEntry.dirty != 0
    let attributes = PageAttributes(
      isWritable ? [.read, .write, .execute] : [.read, .execute], isUser: flags & GuestEntry.user != 0)
    let page = VirtualAddress(UInt(address & ~0xFFF))
    do {
      _ = try table.remap(
        page, to: memory.frame(ofPage: GuestEntry.page(entry)), attributes, in: &memory)
      return .filled
    } catch {
      return .killed(GuestMistake(.outOfTables, address))
    }
  }

  private mutating func pinStack<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory) -> GuestMistake?
  where Memory.Entry == Format.Entry {
    guard stack.pageCount > 0, !isIdentity else { return nil }
    if isPinned(stack.top, stack.pageCount) { return nil }
    guard let root = roots[current] else { return nil }
    for page in 0..<stack.pageCount {
      let address = stack.top &- 1 &- page << UInt32(pageShift)
      guard address < GuestData.switcherAddress else { return GuestMistake(.switcherTouched, address) }
      let access = GuestAccess(isWrite: true, isUser: false)
      noteUse(of: address, in: current)
      var result = fill(root.table, root.guest, address, access, in: &memory)
      if case .killed(let mistake) = result, mistake.kind == .outOfTables {
        statistics.reclaims += 1
        flushAll(in: &memory)
        noteUse(of: address, in: current)
        result = fill(root.table, root.guest, address, access, in: &memory)
      }
      switch result {
      case .filled: continue
      case .reflected: return GuestMistake(.stackNotMapped, address)
      case .killed(let mistake): return mistake
      }
    }
    if stack.top & 3 == 0, stack.top &- stack.pageCount << UInt32(pageShift) >= Self.sharedAddress {
      pinned[nextPinned] = stack.top | stack.pageCount
      nextPinned = (nextPinned + 1) % pinned.count
    }
    return nil
  }

  private mutating func unpinAll() {
    for index in 0..<pinned.count { pinned[index] = 0 }
  }

  // MARK: - Roots

  private mutating func index(of guestRoot: UInt32) -> Int? {
    for index in 0..<Self.rootCount where roots[index]?.guest == guestRoot { return index }
    return nil
  }

  /// A place for another root: an empty one with a new shadow, or that of the root that was not used for longest.
  private mutating func takePlace<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory) -> Int?
  where Memory.Entry == Format.Entry {
    var oldest = 0
    for index in 0..<Self.rootCount {
      guard let root = roots[index] else {
        guard let table = try? Self.makeRoot(sharing: common, in: &memory) else { break }
        roots[index] = Root(guest: nil, table: table, lastUse: 0)
        return index
      }
      if let other = roots[oldest], root.lastUse < other.lastUse { oldest = index }
    }
    guard let root = roots[oldest] else { return nil }
    if root.guest != nil { statistics.evictions += 1 }
    forgetUsed(of: oldest, below: Self.sharedAddress, in: &memory)
    return oldest
  }

  // MARK: - Forgetting

  /// Forgets what a root shows of its own below an address, wherever it may show something.
  private mutating func forgetUsed<Memory: ShadowMemory & ~Copyable>(
    of index: Int, below limit: UInt32, in memory: inout Memory
  )
  where Memory.Entry == Format.Entry {
    guard let root = roots[index] else { return }
    var left = root.used
    while left != 0 {
      let bit = UInt32(left.trailingZeroBitCount)
      left &= left - 1
      let first = bit << Self.usedShift
      guard first < limit else { return }
      let last = first | (1 << Self.usedShift - 1)
      forget(root.table, from: first, through: min(last, limit - 1), in: &memory)
      if last < limit { roots[index]?.used &= ~(1 << UInt64(bit)) }
    }
  }

  private static var usedShift: UInt32 { 26 }

  /// Remembers that a root may have tables around an address.
  @inline(__always)
  private mutating func noteUse(of address: UInt32, in index: Int) {
    if address < Self.sharedAddress { roots[index]?.used |= 1 << UInt64(address >> Self.usedShift) }
  }

  private mutating func forget<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, from first: UInt32, through last: UInt32, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    // Whole tables go without a look at their entries. Where a root has tables of pages for its own, all shadows name
    // those of what is shared: they stay.
    let covered: UInt32 = 0x1F_FFFF
    if Format.levelCount > 2, first & covered == 0, last & covered == covered {
      let pageCount = Int((last - first) >> UInt32(pageShift)) + 1
      // Aligned and within the address space: nothing can be refused.
      _ = try? table.dropTables(VirtualAddress(UInt(first)), pageCount: pageCount, in: &memory)
      return
    }
    let page = VirtualAddress(UInt(first & ~0xFFF))
    let pageCount = Int(last >> UInt32(pageShift)) - Int(first >> UInt32(pageShift)) + 1
    // The same, and base pages need no split.
    _ = try? table.unmap(page, pageCount: pageCount, in: &memory) { _, _ in }
    // Tables of what is shared stay: every shadow names them.
    if first < Self.sharedAddress {
      _ = try? table.reclaimTables(page, pageCount: pageCount, keepsTopTables: true, in: &memory) { _ in }
    }
  }

  private mutating func drop<Memory: ShadowMemory & ~Copyable>(
    _ address: UInt32, from table: PageTable<Format>, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    _ = try? table.unmap(VirtualAddress(UInt(address & ~0xFFF)), in: &memory)
  }

  private static func reclaim<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, _ page: VirtualAddress, _ pageCount: Int, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    _ = try? table.reclaimTables(page, pageCount: pageCount, keepsTopTables: false, in: &memory) { _ in }
  }

  /// Gives back the root that holds what all shadows share.
  private static func releaseCommon<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    _ = try? table.dropTables(sharedPage, pageCount: sharedPageCount, in: &memory)
    _ = try? table.unmap(sharedPage, pageCount: sharedPageCount, in: &memory) { _, _ in }
    reclaim(table, sharedPage, sharedPageCount, in: &memory)
    table.freeRoot(in: &memory)
  }

  /// Gives back a root with what is its own.
  private static func release<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    let ownPageCount = Int(sharedAddress >> UInt32(pageShift))
    _ = try? table.dropTables(VirtualAddress(0), pageCount: ownPageCount, in: &memory)
    _ = try? table.unmap(VirtualAddress(0), pageCount: ownPageCount, in: &memory) { _, _ in }
    reclaim(table, VirtualAddress(0), ownPageCount, in: &memory)
    table.freeRoot(in: &memory)
  }
}
