/// The address space of a program: its map, its page tables, and the pages behind them.
///
/// What a page is for is decided when it is mapped; what is in it, when it is touched first. Pages that two spaces
/// have in common since a fork are read-only in both until one of them writes. What the map forbids no entry of a
/// page table ever allows; what it allows an entry may still forbid, until a fault finds out. No page is writable
/// and executable at once.
///
/// Left out on purpose: pages that leave for a disk (there is none) and large pages. Shared memory without a file
/// gets its pages when it is mapped, so that a fork has nothing to find out later; shared pages of a file are the
/// frames in which the file lies.
///
/// Nothing here waits and nothing here has a lock: whoever owns the space lets one thread change it at a time.

import Base
import Paging
import Regions

/// Why a change of an address space was refused; the space is as it was.
public enum SpaceError: Error, BitwiseCopyable, Sendable {
  /// An address or a length that can't be: EINVAL.
  case invalid
  /// No room, no frames or no records, or more than the space may have: ENOMEM.
  case outOfMemory
  /// Something is mapped there: EEXIST.
  case occupied
  /// Nothing is mapped there, where something must be: ENOMEM of mprotect, EFAULT of mremap.
  case unmapped
  /// Writable and executable: EACCES.
  case writableText
  /// A shared page of a file that was opened for reading only shall become writable: EACCES.
  case notWritable
}

/// What became of a fault.
public enum FaultOutcome: UInt8, BitwiseCopyable, Sendable {
  /// The access can be tried again.
  case resolved
  /// There is nothing: SIGSEGV with SEGV_MAPERR.
  case notMapped
  /// It is not allowed: SIGSEGV with SEGV_ACCERR.
  case notAllowed
  /// The file has no such page, or can't be read: SIGBUS.
  case beyondFile
  /// There is no frame: the program can't go on.
  case outOfMemory
}

/// The address space of one program.
///
/// - Invariant: below the program's part of the root there are only base pages, and only in regions; a table exists
///   only where a region is near. An entry in a region without any access is not present. A frame that is shared is
///   writable only in a shared region.
public struct AddressSpace<Format: PageTableFormat>: ~Copyable {
  /// The page tables; the root is the space's own.
  public let tables: PageTable<Format>
  /// The addresses that the program may have.
  public let layout: UserLayout
  /// What is mapped.
  public internal(set) var regions = Regions()
  /// Pages that are there, those of the shared frame of zeros left out.
  public internal(set) var residentCount: UInt = 0
  /// The most pages that may be mapped: RLIMIT_AS.
  public var pageLimit = UInt.max >> UInt(pageShift)
  /// The most pages of a stack that grows: RLIMIT_STACK, as far as there is room for it.
  public var stackPageLimit = UserLayout.stackLimit >> UInt(pageShift)
  /// Where the heap that `brk` moves begins, in bytes; 0 before there is one.
  public internal(set) var breakStart: UInt = 0
  /// Where it ends.
  public internal(set) var breakEnd: UInt = 0
  /// The lowest address at which anything was ever mapped that others may have too, here or in the space that this is a
  /// copy of.
  public internal(set) var sharedStart = UInt.max
  /// Faults that were resolved.
  public internal(set) var faultCount: UInt32 = 0

  /// Makes an empty space that shares the kernel's part.
  ///
  /// Throws `outOfMemory`.
  public init<Memory: SpaceMemory & ~Copyable>(
    _ kernel: KernelPart<Format>, _ layout: UserLayout, in memory: inout Memory
  ) throws(SpaceError) where Memory.Entry == Format.Entry {
    let own: PageTable<Format>
    do {
      own = try PageTable(format: kernel.tables.format, in: &memory)
      try own.shareTopEntries(
        of: kernel.tables, kernel.firstPage, pageCount: kernel.pageCount, in: &memory)
    } catch { throw .outOfMemory }
    (tables, self.layout) = (own, layout)
  }

  /// Gives back every page, table and record.
  ///
  /// The space is not to be used again, and no processor may be in it.
  public mutating func destroy<Memory: SpaceMemory & ~Copyable>(
    _ kernel: KernelPart<Format>, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    var floor: UInt = 0
    while let region = regions.first {
      let (start, end) = (region.fields.start << 12, region.fields.end << 12)
      releasePages(start, end, in: &memory)
      // Each table goes with the last region that needs it.
      let ceiling = if let next = region.fields.next { next.fields.start << 12 - 1 } else { UInt.max }
      tables.releaseTables(from: start, through: end - 1, floor: floor, ceiling: ceiling, in: &memory)
      floor = 0
      regions.removeFirst(in: &memory)
    }
    // The frame of the root goes back as it came, all zeros.
    let level = Format.levelCount
    let last = kernel.firstPage.rawValue + (UInt(kernel.pageCount) << UInt(pageShift) - 1)
    for index in Format.index(kernel.firstPage.rawValue, level)...Format.index(last, level) {
      memory.store(0, tables.root, index)
    }
    tables.freeRoot(in: &memory)
  }

  // MARK: - Pages of a range

  /// Takes all pages out of the tables and gives their frames back.
  mutating func releasePages<Memory: SpaceMemory & ~Copyable>(
    _ start: UInt, _ end: UInt, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    let zero = memory.zeroFrame
    var resident: UInt = 0
    tables.forEachEntry(from: start, through: end - 1, in: &memory) { _, entry, place, memory in
      memory.store(0, place.table, place.index)
      let frame = Format.frame(ofBaseEntry: entry)
      if frame != zero {
        resident += 1
        memory.release(frame)
      }
      return true
    }
    residentCount -= resident
  }

  /// Gives the tables back that only the pages of a range needed, which are in no region any more.
  func releaseTables<Memory: SpaceMemory & ~Copyable>(
    _ start: UInt, _ end: UInt, in memory: inout Memory
  ) where Memory.Entry == Format.Entry {
    let (below, above) = regions.gap(around: start >> 12)
    tables.releaseTables(
      from: start, through: end - 1, floor: below << 12, ceiling: above << 12 &- 1, in: &memory)
  }

  /// Forgets the translations of a range.
  func flush<Memory: SpaceMemory & ~Copyable>(_ start: UInt, _ end: UInt, in memory: inout Memory)
  where Memory.Entry == Format.Entry {
    guard (end - start) >> 12 <= 8 else {
      memory.flushAll()
      return
    }
    var address = start
    while address < end {
      memory.flush(address)
      address += UInt(pageSize)
    }
  }
}

/// The part of the address map that the kernel has in every space.
public struct KernelPart<Format: PageTableFormat>: BitwiseCopyable, Sendable {
  /// The kernel's tables; their root's entries for the part are all there.
  public let tables: PageTable<Format>
  /// The first page of the part.
  public let firstPage: VirtualAddress
  /// Its pages.
  public let pageCount: Int

  /// Makes a description of its parts.
  public init(_ tables: PageTable<Format>, firstPage: VirtualAddress, pageCount: Int) {
    (self.tables, self.firstPage, self.pageCount) = (tables, firstPage, pageCount)
  }
}
