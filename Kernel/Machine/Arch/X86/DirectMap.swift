/// Physical memory as the kernel sees it: all of it, in one piece, at a fixed distance.

import Base
import CMachine

/// Translation between physical addresses and the direct map.
public enum DirectMap {
  /// Where the byte at `address` can be read and written, or `nil` if the direct map does not reach it.
  @inline(__always)
  public static func virtualAddress(of address: PhysicalAddress) -> VirtualAddress? {
    guard address.rawValue < AddressMap.directMapSize else { return nil }
    return VirtualAddress(AddressMap.directMap.rawValue + UInt(truncatingIfNeeded: address.rawValue))
  }

  /// The physical address of a byte of the kernel's image.
  @inline(__always)
  public static func physicalAddress(ofImageAddress address: UInt) -> PhysicalAddress {
    PhysicalAddress(UInt64(address - AddressMap.imageOffset))
  }
}

/// What a boot loader left in memory, read before the kernel has page tables of its own.
public struct LoaderMemory: PhysicalMemoryReader {
  /// Makes a reader; it needs the page tables of start-up or the kernel's own.
  public init() {}

  /// The byte at `address`, or `nil` above what the first page tables reach.
  public func byte(at address: PhysicalAddress) -> UInt8? {
    guard address.rawValue < AddressMap.reachableAtStart,
      let place = DirectMap.virtualAddress(of: address)
    else { return nil }
    return cpu_load8(place.rawValue)
  }
}
