/// The windows: pages of the kernel through which it sees registers of devices and tables of the firmware.

import Base

/// Which window is for what.
public enum Windows {
  /// The local APIC.
  public static let localController = AddressMap.windows

  /// The I/O APIC with an index from 0 to 15.
  public static func ioController(_ index: Int) -> VirtualAddress {
    AddressMap.windows + UInt((1 + index) * pageSize)
  }

  /// A page of the firmware's, while it is copied.
  public static let firmware = AddressMap.windows + UInt(32 * pageSize)
}
