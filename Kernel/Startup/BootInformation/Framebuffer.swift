/// The screen as the boot loader left it.

import Base

/// A framebuffer that was described without contradiction.
public struct Framebuffer: BitwiseCopyable, Hashable, Sendable {
  /// The first byte of the first line.
  public let address: PhysicalAddress
  /// Bytes from one line to the next.
  public let pitch: UInt32
  /// Pixels in a line, or characters in text mode.
  public let width: UInt32
  /// Lines.
  public let height: UInt32
  /// Bits for a pixel, or for a character with its attribute.
  public let bitsPerPixel: UInt8
  /// What the bits mean.
  public let kind: Kind

  /// What the bits of a framebuffer mean (Multiboot Specification 2, 3.6.12).
  public enum Kind: UInt8, BitwiseCopyable, Hashable, Sendable {
    /// Indices into a palette.
    case indexed = 0
    /// Red, green and blue fields.
    case color = 1
    /// Characters and attributes, as in VGA text mode.
    case text = 2
  }

  /// Bytes from the first line's start to the last line's end.
  public var byteCount: UInt64 { UInt64(pitch) * UInt64(height) }

  /// Checks a description from outside: nothing is zero, a line fits its pitch, the whole fits the address space.
  init(
    address: UInt64, pitch: UInt32, width: UInt32, height: UInt32, bitsPerPixel: UInt8, kind: UInt8
  ) throws(BootInformationError) {
    let refusal = BootInformationError(.badFramebuffer, address)
    guard let kind = Kind(rawValue: kind), address != 0, width != 0, height != 0 else { throw refusal }
    guard bitsPerPixel >= 1, bitsPerPixel <= 64 else { throw refusal }
    guard (UInt64(width) * UInt64(bitsPerPixel) + 7) / 8 <= UInt64(pitch) else { throw refusal }
    guard MemoryRange(base: address, length: UInt64(pitch) * UInt64(height), kind: .reserved) != nil else {
      throw refusal
    }
    self.address = PhysicalAddress(address)
    self.pitch = pitch
    self.width = width
    self.height = height
    self.bitsPerPixel = bitsPerPixel
    self.kind = kind
  }
}

/// The copy of the ACPI root pointer that a Multiboot 2 loader hands over.
public struct RootPointerCopy: BitwiseCopyable, Hashable, Sendable {
  /// Where the copy's first byte lies, inside the boot information.
  public let address: PhysicalAddress
  /// The copy's size in bytes: at least 20 for ACPI 1.0, at least 36 for later versions.
  public let byteCount: UInt32
  /// Whether it is of ACPI 2.0 or later, and so names an XSDT.
  public let isExtended: Bool
}
