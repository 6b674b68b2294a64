/// Where things lie in the kernel's address space on i686; Docs/memory-map.md draws it.

import Base

/// The kernel's part of the address space: the last GiB.
public enum AddressMap {
  /// The first page of the kernel's part.
  public static let kernelPart = VirtualAddress(0xC000_0000)
  /// Pages of the kernel's part.
  public static let kernelPartPageCount = 0x4_0000
  /// Where physical memory appears, from its first byte on.
  ///
  /// The kernel's image is part of it.
  public static let directMap = VirtualAddress(0xC000_0000)
  /// Bytes of physical memory that appear there; memory above is not used.
  public static let directMapSize: UInt64 = 768 << 20
  /// What the linker added to the image's physical addresses.
  public static let imageOffset: UInt = 0xC000_0000
  /// Stacks, each with an absent page below it.
  public static let stacks = VirtualAddress(0xF000_0000)
  /// Bytes for stacks.
  public static let stacksSize: UInt = 64 << 20
  /// The kernel heap.
  public static let heap = VirtualAddress(0xF400_0000)
  /// The most bytes that the heap may have.
  public static let heapSize: UInt = 64 << 20
  /// Registers of devices and tables of the firmware.
  public static let windows = VirtualAddress(0xF800_0000)
  /// Bytes for windows.
  ///
  /// The top 4 MiB of the address space are left free for the world switcher of guests.
  public static let windowsSize: UInt = 124 << 20
  /// Bytes of physical memory that can be read before the kernel has tables of its own.
  public static let reachableAtStart: UInt64 = directMapSize
}
