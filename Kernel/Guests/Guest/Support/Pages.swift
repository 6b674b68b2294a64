/// The guest's memory and its page tables.

import CGuest
import CMachine
import GuestInterface

/// Physical pages, and where the kernel sees them: 8 MiB from 0 appear at 3 GiB.
public enum Pages {
  /// Bytes of a page.
  public static var size: UInt32 { 4_096 }
  /// Where the kernel sees physical 0.
  public static var offset: UInt32 { 0xC000_0000 }
  /// Bytes of RAM, as the boot parameters say.
  public static var ram: UInt32 { read(0x2D8) }

  /// The physical address of what the kernel sees.
  public static func physical(_ address: UInt32) -> UInt32 { address &- offset }

  /// The word at a physical address.
  @inline(__always)
  public static func read(_ physical: UInt32) -> UInt32 { cpu_load32(UInt(physical &+ offset)) }

  /// Writes a word at a physical address.
  @inline(__always)
  public static func write(_ physical: UInt32, _ value: UInt32) {
    cpu_store32(UInt(physical &+ offset), value)
  }

  /// The physical address of a page that nobody has yet, full of zeros; ends the guest when there is none.
  public static func take() -> UInt32 {
    let state = State()
    if state.fields.next_page == 0 { state.fields.next_page = physical(UInt32(symbol_guest_end())) }
    let page = state.fields.next_page
    guard page + size <= min(ram, 0x80_0000) else { Host.end("no pages left") }
    state.fields.next_page = page + size
    for offset in stride(from: 0, to: size, by: 4) { write(page + offset, 0) }
    return page
  }
}

/// A root of page tables, by its physical address.
public struct Tables {
  /// The physical address.
  public let root: UInt32

  /// The root that the guest began with.
  public static var first: Tables { Tables(root: Pages.physical(UInt32(symbol_guest_root()))) }

  /// A root of its own, that shows the kernel and nothing else.
  public static func make() -> Tables {
    let tables = Tables(root: Pages.take())
    for index in UInt32(768)..<1_023 {
      Pages.write(tables.root + index * 4, Pages.read(first.root + index * 4))
    }
    return tables
  }

  private init(root: UInt32) { self.root = root }

  /// Where the entry of an address lies, physical; makes the table if there is none.
  public func entry(of address: UInt32) -> UInt32 {
    let top = root + (address >> 22) * 4
    if Pages.read(top) & 1 == 0 {
      Pages.write(top, Pages.take() | 7)
      Host.call(.setRootEntry, root, address >> 22)
    }
    return Pages.read(top) & ~0xFFF + (address >> 12 & 0x3FF) * 4
  }

  /// Shows a physical page at an address, with flags as the processor has them, and tells the host.
  public func map(_ address: UInt32, to page: UInt32, _ flags: UInt32 = Entry.kernel) {
    Pages.write(entry(of: address), page & ~0xFFF | flags)
    Host.call(.setPageEntry, root, address, page & ~0xFFF | flags)
  }

  /// Changes an entry without a word to the host.
  public func setSilently(_ address: UInt32, _ value: UInt32) { Pages.write(entry(of: address), value) }

  /// Goes on with these tables.
  public func use() { Host.call(.newPageTable, root) }
}

/// Flags of an entry.
public enum Entry {
  /// For the kernel: present and writable.
  public static var kernel: UInt32 { 0x3 }
  /// For the kernel, to be read only.
  public static var kernelReadOnly: UInt32 { 0x1 }
  /// For programs: present and writable.
  public static var user: UInt32 { 0x7 }
  /// The processor has used the page.
  public static var accessed: UInt32 { 0x20 }
  /// It has written there.
  public static var dirty: UInt32 { 0x40 }
}
