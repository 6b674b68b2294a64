/// What the processor says about a page fault.

/// The error code of a page fault (Intel SDM volume 3, 4.7).
public struct PageFaultError: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The bits as the processor pushed them.
  public let rawValue: UInt32

  /// Makes an error code of its bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The page was there and did not allow the access; otherwise it was absent.
  public static let protection = PageFaultError(rawValue: 1 << 0)
  /// The access was a write.
  public static let write = PageFaultError(rawValue: 1 << 1)
  /// The access came from ring 3.
  public static let user = PageFaultError(rawValue: 1 << 2)
  /// A reserved bit was set in a page table entry.
  public static let reservedBit = PageFaultError(rawValue: 1 << 3)
  /// The access was an instruction fetch.
  public static let execute = PageFaultError(rawValue: 1 << 4)

  /// The access in a word: "read", "write" or "execution".
  public var accessName: StaticString {
    if contains(.execute) { return "execution" }
    return contains(.write) ? "write" : "read"
  }

  /// Why the access was refused.
  public var causeName: StaticString {
    if contains(.reservedBit) { return "reserved bit set in a page table" }
    return contains(.protection) ? "not allowed" : "not present"
  }
}
