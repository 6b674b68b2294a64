/// A guest's global descriptor table.

import X86

/// Which descriptors a guest may load, and what becomes of them.
///
/// The numbers are those of Linux on i386.
public enum GuestSegments {
  /// Entries of the table.
  public static var count: UInt32 { 32 }
  /// The guest kernel's code segment, for ring 1.
  public static var kernelCode: UInt16 { 12 << 3 | 1 }
  /// The guest kernel's data segment, for ring 1.
  public static var kernelData: UInt16 { 13 << 3 | 1 }
  /// The first entry of thread-local storage; there are three.
  public static var firstThreadEntry: UInt32 { 6 }
  /// Entries of thread-local storage.
  public static var threadEntryCount: UInt32 { 3 }

  /// Whether the host keeps an entry for itself: what the guest loads there is ignored.
  ///
  /// These are the switcher's code and data, the task state of the processor, and the guest's for double faults.
  public static func isReserved(_ index: UInt32) -> Bool {
    index == 10 || index == 11 || index == 16 || index == 31
  }

  /// The descriptor that takes the place of what a guest asked for.
  ///
  /// Ring 0 becomes ring 1. The accessed mark is set because the processor could not set it: the table is read-only
  /// while a guest runs. Anything but code and data would be a gate, a task or a local table, by which a guest could
  /// reach ring 0, and is left out.
  public static func sanitised(_ descriptor: UInt64) -> SegmentDescriptor {
    let isPresent = descriptor >> 47 & 1 == 1
    let isCodeOrData = descriptor >> 44 & 1 == 1
    guard isPresent, isCodeOrData else { return .null }
    // 64-bit code has no meaning for a guest of 32 bits, and a conforming segment would run at its caller's ring.
    let isCode = descriptor >> 43 & 1 == 1
    let isConforming = isCode && descriptor >> 42 & 1 == 1
    guard !isConforming else { return .null }
    var value = descriptor & ~(1 << 53) | 1 << 40
    if value >> 45 & 3 == 0 { value |= 1 << 45 }
    return SegmentDescriptor(rawValue: value)
  }
}
