/// What a guest tells of its tables by calls.

import Base
import GuestInterface
import Paging

extension ShadowPaging {
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
  mutating func isPinned(_ top: UInt32, _ pageCount: UInt32) -> Bool {
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

  mutating func change<Memory: ShadowMemory & ~Copyable>(
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
}
