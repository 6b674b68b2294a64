/// What the kernel tells a program of itself when it starts.

/// The values of the auxiliary vector; the keys are Linux's (elf.h, AT_…).
public struct AuxiliaryVector: BitwiseCopyable, Sendable {
  /// Where the program's own program headers are in memory, AT_PHDR.
  public var programHeaders: UInt64 = 0
  /// The size of one, AT_PHENT.
  public var programHeaderSize: UInt64 = 0
  /// How many there are, AT_PHNUM.
  public var programHeaderCount: UInt64 = 0
  /// Where the interpreter was loaded, AT_BASE: 0, there is none.
  public var base: UInt64 = 0
  /// Where the program starts, AT_ENTRY.
  public var entry: UInt64 = 0
  /// The user that runs it, AT_UID and AT_EUID.
  public var user: UInt64 = 0
  /// The group that runs it, AT_GID and AT_EGID.
  public var group: UInt64 = 0
  /// What the processor has, AT_HWCAP: CPUID.1:EDX.
  public var processor: UInt64 = 0
  /// More of it, AT_HWCAP2.
  public var processor2: UInt64 = 0
  /// Whether the program must not trust its environment, AT_SECURE.
  public var isSecure = false
  /// Ticks a second of `times`, AT_CLKTCK.
  public var ticksPerSecond: UInt64 = 100
  /// Where a program of i386 calls the kernel, AT_SYSINFO; 0 for none.
  public var callEntry: UInt64 = 0
  /// Where the kernel's page for programs is, AT_SYSINFO_EHDR; 0 for none.
  public var callPage: UInt64 = 0

  /// Makes a vector of zeros.
  @inlinable public init() {}

  /// The pairs in a vector, AT_NULL included.
  static var pairCount: Int { 21 }

  /// The pair `index`; what has no value is an AT_IGNORE.
  func pair(
    _ index: Int, random: UInt64, platform: UInt64, fileName: UInt64
  ) -> (key: UInt64, value: UInt64) {
    switch index {
    case 0: (callPage == 0 ? 1 : 33, callPage)
    case 1: (callEntry == 0 ? 1 : 32, callEntry)
    case 2: (16, processor)
    case 3: (6, 4096)
    case 4: (17, ticksPerSecond)
    case 5: (3, programHeaders)
    case 6: (4, programHeaderSize)
    case 7: (5, programHeaderCount)
    case 8: (7, base)
    case 9: (8, 0)
    case 10: (9, entry)
    case 11: (11, user)
    case 12: (12, user)
    case 13: (13, group)
    case 14: (14, group)
    case 15: (23, isSecure ? 1 : 0)
    case 16: (25, random)
    case 17: (26, processor2)
    case 18: (31, fileName)
    case 19: (15, platform)
    default: (0, 0)
    }
  }
}
