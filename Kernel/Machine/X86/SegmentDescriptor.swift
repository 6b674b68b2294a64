/// Entries of the global descriptor table.

/// A segment descriptor of 8 bytes (Intel SDM volume 3, 3.4.5; AMD APM volume 2, 4.7 and 4.8).
public struct SegmentDescriptor: BitwiseCopyable, Hashable, Sendable {
  /// The eight bytes as the processor reads them.
  public var rawValue: UInt64

  /// Makes a descriptor of its bytes.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The entry that must be first, and any other that is not used.
  public static let null = SegmentDescriptor(rawValue: 0)

  /// Code over all 4 GiB, readable, already marked accessed so that the table can be read-only.
  public static func flatCode32(ring: UInt8) -> Self { flat(kind: 0xB, ring: ring, isLong: false) }

  /// Data over all 4 GiB, writable, already marked accessed.
  public static func flatData(ring: UInt8) -> Self { flat(kind: 0x3, ring: ring, isLong: false) }

  /// 64-bit code; base and limit have no meaning in long mode.
  public static func code64(ring: UInt8) -> Self { flat(kind: 0xB, ring: ring, isLong: true) }

  /// Data of ring 3 where a program wants it, already marked accessed.
  ///
  /// - Parameters:
  ///   - limit: the segment's size less one, in bytes or in pages; 20 bits count.
  public static func programArea(base: UInt32, limit: UInt32, inPages: Bool, is32Bit: Bool) -> Self {
    Self(base: base, limit: limit & 0xFFFFF, access: 0xF3, flags: (inPages ? 8 : 0) | (is32Bit ? 4 : 0))
  }

  /// An available task-state segment of i686, or the first half of one of x86_64.
  ///
  /// - Parameters:
  ///   - base: the low 32 bits of the segment's linear address.
  ///   - limit: the segment's size in bytes less one.
  public static func taskState(base: UInt32, limit: UInt32) -> Self {
    Self(base: base, limit: limit, access: 0x89, flags: 0)
  }

  /// The second half of a task-state descriptor in long mode: the upper 32 bits of its linear address.
  public static func taskStateUpperHalf(base: UInt64) -> Self { Self(rawValue: base >> 32) }

  private static func flat(kind: UInt8, ring: UInt8, isLong: Bool) -> Self {
    // Present, code or data, accessed; 4 KiB granularity; a long segment must not have the 32-bit size flag.
    Self(base: 0, limit: 0xFFFFF, access: 0x90 | (ring & 3) << 5 | kind, flags: isLong ? 0xA : 0xC)
  }

  private init(base: UInt32, limit: UInt32, access: UInt8, flags: UInt8) {
    let limitBits = UInt64(limit & 0xFFFF) | UInt64(limit >> 16 & 0xF) << 48
    let baseBits = UInt64(base & 0xFF_FFFF) << 16 | UInt64(base >> 24) << 56
    rawValue = limitBits | baseBits | UInt64(access) << 40 | UInt64(flags & 0xF) << 52
  }
}
