/// What a fault of a guest shows.

import Base
import GuestInterface
import Paging

extension ShadowPaging {
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

  mutating func fill<Memory: ShadowMemory & ~Copyable>(
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
  static var around: UInt32 { 16 }

  /// Shows the pages around one that was just shown, as far as the guest's tables have them in use with the same rights.
  ///
  /// Each would cost a fault; here it costs a look at two words.
  mutating func showAround<Memory: ShadowMemory & ~Copyable>(
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
  mutating func refill<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, _ guest: UInt32, _ address: UInt32, in memory: inout Memory
  ) -> GuestMistake? where Memory.Entry == Format.Entry {
    guard case .mapped(let found) = GuestWalker(root: guest).walk(address, in: memory),
      found.entry & GuestEntry.accessed != 0
    else { return nil }
    // Without a table for it, it is shown when it is used.
    _ = show(table, address, found.entry, flags: found.flags, in: &memory)
    return nil
  }

  mutating func fillIdentity<Memory: ShadowMemory & ~Copyable>(
    _ table: PageTable<Format>, _ address: UInt32, in memory: inout Memory
  ) -> ShadowFault where Memory.Entry == Format.Entry {
    guard memory.contains(address, byteCount: 1) else { return .killed(GuestMistake(.badAddress, address)) }
    return show(
      table, address, address & ~0xFFF | GuestEntry.dirty, flags: GuestEntry.writable, in: &memory)
  }

  /// Puts a page into a shadow, instead of what was there.
  mutating func show<Memory: ShadowMemory & ~Copyable>(
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

  mutating func pinStack<Memory: ShadowMemory & ~Copyable>(in memory: inout Memory) -> GuestMistake?
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

  mutating func unpinAll() {
    for index in 0..<pinned.count { pinned[index] = 0 }
  }
}
