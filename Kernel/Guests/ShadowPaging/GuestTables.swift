/// The page tables that a guest keeps for itself: two levels of 1,024 words.

import Base
import GuestInterface

/// Flags of an entry, as the processor has them (Intel SDM volume 3, table 4-6).
public enum GuestEntry {
  /// The entry counts.
  public static var present: UInt32 { 1 << 0 }
  /// Writing is allowed.
  public static var writable: UInt32 { 1 << 1 }
  /// Ring 3 has access.
  public static var user: UInt32 { 1 << 2 }
  /// The page was used.
  public static var accessed: UInt32 { 1 << 5 }
  /// The page was written.
  public static var dirty: UInt32 { 1 << 6 }
  /// In a root: a page of 4 MiB.
  public static var large: UInt32 { 1 << 7 }
  /// What an entry of a root may have besides its frame.
  static var rootFlags: UInt32 { present | writable | user | accessed | dirty }

  /// The page that an entry names.
  static func page(_ entry: UInt32) -> UInt32 { entry >> UInt32(pageShift) }
}

/// How a guest's program or kernel wanted to use an address.
public struct GuestAccess: BitwiseCopyable, Hashable, Sendable {
  /// Whether it wanted to write.
  public var isWrite: Bool
  /// Whether ring 3 was running.
  public var isUser: Bool

  /// An access of its parts.
  public init(isWrite: Bool, isUser: Bool) {
    self.isWrite = isWrite
    self.isUser = isUser
  }

  /// The access that a page fault's error code tells of.
  public init(errorCode: UInt32) {
    self.init(isWrite: errorCode >> 1 & 1 == 1, isUser: errorCode >> 2 & 1 == 1)
  }

  /// Whether entries with these flags in common allow it.
  func isAllowed(by flags: UInt32) -> Bool {
    if isWrite && flags & GuestEntry.writable == 0 { return false }
    return !isUser || flags & GuestEntry.user != 0
  }
}

/// A guest's own view of an address.
struct GuestTranslation: BitwiseCopyable {
  /// Where the entry of the page lies, guest-physical.
  var entryAddress: UInt32
  /// The entry of the page, as it was read.
  var entry: UInt32
  /// The flags that both entries have.
  var flags: UInt32
}

/// What a walk through a guest's tables came to.
enum GuestWalk: BitwiseCopyable {
  case mapped(GuestTranslation)
  case notMapped
  case mistake(GuestMistake)
}

/// Walks a guest's tables; each entry is read once.
struct GuestWalker: BitwiseCopyable {
  /// The guest-physical address of the root.
  var root: UInt32

  func walk<Memory: GuestMemory & ~Copyable>(_ address: UInt32, in memory: borrowing Memory) -> GuestWalk {
    guard let top = memory.word(at: root &+ (address >> 22) * 4) else {
      return .mistake(.init(.badRoot, root))
    }
    guard top & GuestEntry.present != 0 else { return .notMapped }
    guard top & GuestEntry.large == 0 else { return .mistake(.init(.largePage, top)) }
    guard top & 0xFFF & ~GuestEntry.rootFlags == 0 else { return .mistake(.init(.badRootEntryFlags, top)) }
    let entryAddress = top & ~0xFFF | (address >> 12 & 0x3FF) * 4
    guard let entry = memory.word(at: entryAddress) else { return .mistake(.init(.frameOutOfRange, top)) }
    guard entry & GuestEntry.present != 0 else { return .notMapped }
    guard entry & GuestEntry.large == 0 else { return .mistake(.init(.largePage, entry)) }
    guard memory.contains(entry & ~0xFFF, byteCount: UInt32(pageSize)) else {
      return .mistake(.init(.frameOutOfRange, entry))
    }
    return .mapped(GuestTranslation(entryAddress: entryAddress, entry: entry, flags: top & entry))
  }
}
