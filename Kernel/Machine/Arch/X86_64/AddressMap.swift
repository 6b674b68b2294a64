/// Where things lie in the kernel's address space on x86_64; Docs/memory-map.md draws it.

import Base

/// The kernel's part of the address space: PML4 slots 128 to 135, 512 GiB each, in the lower canonical half.
public enum AddressMap {
  /// The first page of the kernel's part.
  public static let kernelPart = VirtualAddress(0x4000_0000_0000)
  /// Pages of the kernel's part.
  public static let kernelPartPageCount = 8 << 27
  /// Where physical memory appears, from its first byte on: slot 129.
  public static let directMap = VirtualAddress(0x4080_0000_0000)
  /// Bytes of physical memory that appear there; memory above is not used.
  public static let directMapSize: UInt64 = 512 << 30
  /// What the linker added to the image's physical addresses: slot 128.
  public static let imageOffset: UInt = 0x4000_0000_0000
  /// Stacks, each with an absent page below it: slot 130.
  public static let stacks = VirtualAddress(0x4100_0000_0000)
  /// Bytes for stacks.
  public static let stacksSize: UInt = 1 << 30
  /// The kernel heap: slot 131.
  public static let heap = VirtualAddress(0x4180_0000_0000)
  /// The most bytes that the heap may have.
  public static let heapSize: UInt = 1 << 30
  /// Registers of devices and tables of the firmware: slot 132.
  public static let windows = VirtualAddress(0x4200_0000_0000)
  /// Bytes for windows.
  public static let windowsSize: UInt = 1 << 30
  /// Bytes of physical memory that can be read before the kernel has tables of its own.
  public static let reachableAtStart: UInt64 = 4 << 30
}
