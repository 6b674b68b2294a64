/// Entries of the interrupt descriptor table.

/// A gate of i686, 8 bytes (Intel SDM volume 3, 6.11).
public struct InterruptGate32: BitwiseCopyable, Hashable, Sendable {
  /// The eight bytes as the processor reads them.
  public var rawValue: UInt64

  /// An entry that is not present: an interrupt through it is a fault.
  public static let absent = Self(rawValue: 0)

  /// A gate that disables interrupts and enters ring 0 code.
  ///
  /// - Parameters:
  ///   - offset: the linear address of the code.
  ///   - selector: its code segment.
  ///   - ring: the outermost ring that may use the gate with an `int` instruction.
  public static func interrupt(offset: UInt32, selector: UInt16, ring: UInt8 = 0) -> Self {
    let low = UInt64(selector) << 16 | UInt64(offset & 0xFFFF)
    let high = UInt64(offset & 0xFFFF_0000) | 0x8E00 | UInt64(ring & 3) << 13
    return Self(rawValue: high << 32 | low)
  }

  /// A gate that switches to another task.
  public static func task(selector: UInt16) -> Self {
    Self(rawValue: 0x8500 << 32 | UInt64(selector) << 16)
  }
}

/// A gate of x86_64, 16 bytes (AMD APM volume 2, 4.8.4).
public struct InterruptGate64: BitwiseCopyable, Hashable, Sendable {
  /// The first eight bytes: offset bits 0 to 31, selector, attributes.
  public var low: UInt64
  /// The last eight bytes: offset bits 32 to 63.
  public var high: UInt64

  /// An entry that is not present: an interrupt through it is a fault.
  public static let absent = Self(low: 0, high: 0)

  /// A gate that disables interrupts and enters ring 0 code.
  ///
  /// - Parameters:
  ///   - offset: the linear address of the code.
  ///   - selector: its code segment.
  ///   - stack: the entry of the interrupt stack table to switch to, 1 to 7, or 0 for none.
  ///   - ring: the outermost ring that may use the gate with an `int` instruction.
  public static func interrupt(offset: UInt64, selector: UInt16, stack: UInt8 = 0, ring: UInt8 = 0) -> Self {
    let attributes = 0x8E00 | UInt64(ring & 3) << 13 | UInt64(stack & 7)
    let low = offset & 0xFFFF | UInt64(selector) << 16 | attributes << 32 | (offset >> 16 & 0xFFFF) << 48
    return Self(low: low, high: offset >> 32)
  }
}
