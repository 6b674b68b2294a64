/// The bytes of what the boot loader brings.

import Arch
import Base
import BootInformation

/// The ramdisk: the first boot module.
public enum Ramdisk {
  /// The bytes of a boot module, or `nil` if the direct map does not reach them.
  @_lifetime(immortal)
  public static func span(of module: BootModule) -> Span<UInt8>? {
    guard module.end.rawValue <= AddressMap.directMapSize,
      let address = DirectMap.virtualAddress(of: module.start),
      let start = unsafe UnsafePointer<UInt8>(bitPattern: address.rawValue)
    else { return nil }
    // SAFETY: the memory map has the module as boot data, which nobody is given and nobody changes, for ever.
    let span = unsafe Span(_unsafeStart: start, count: Int(module.byteCount))
    return unsafe _overrideLifetime(span, copying: ())
  }
}
