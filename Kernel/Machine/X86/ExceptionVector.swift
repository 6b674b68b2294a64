/// The vectors that the processor itself raises.

/// An exception or non-maskable interrupt, vector 0 to 31 (Intel SDM volume 3, 6.3.1; AMD APM volume 2, 8.2).
public struct ExceptionVector: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  /// The vector, 0 to 31.
  public let rawValue: UInt8

  /// Makes an exception of its vector, or `nil` for vectors that belong to devices.
  public init?(rawValue: UInt8) {
    guard rawValue < 32 else { return nil }
    self.rawValue = rawValue
  }

  private init(known vector: UInt8) { rawValue = vector }

  /// A non-maskable interrupt.
  public static let nonMaskableInterrupt = Self(known: 2)
  /// An instruction that the processor does not have, or `ud2`, with which compiled code says that it gave up.
  public static let invalidOpcode = Self(known: 6)
  /// A use of floating-point registers while they are closed.
  public static let deviceNotAvailable = Self(known: 7)
  /// A fault while another fault was being delivered.
  public static let doubleFault = Self(known: 8)
  /// A violation that no other vector describes.
  public static let generalProtection = Self(known: 13)
  /// A page that is absent or does not allow the access.
  public static let pageFault = Self(known: 14)

  /// Whether the processor pushes an error code.
  public var hasErrorCode: Bool { 0x6022_7D00 >> UInt32(rawValue) & 1 == 1 }

  /// The manual's name in words.
  public var name: StaticString {
    switch rawValue {
    case 0: "divide error"
    case 1: "debug exception"
    case 2: "non-maskable interrupt"
    case 3: "breakpoint"
    case 4: "overflow"
    case 5: "bound range exceeded"
    case 6: "invalid opcode"
    case 7: "device not available"
    case 8: "double fault"
    case 9: "coprocessor segment overrun"
    case 10: "invalid task-state segment"
    case 11: "segment not present"
    case 12: "stack fault"
    case 13: "general protection fault"
    case 14: "page fault"
    case 16: "x87 floating-point error"
    case 17: "alignment check"
    case 18: "machine check"
    case 19: "SIMD floating-point exception"
    case 20: "virtualization exception"
    case 21: "control protection exception"
    case 28: "hypervisor injection exception"
    case 29: "VMM communication exception"
    case 30: "security exception"
    default: "reserved exception"
    }
  }
}
