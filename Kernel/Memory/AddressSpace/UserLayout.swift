/// Which addresses programs may have.

/// The part of the address map that belongs to a program, in addresses of whole pages.
///
/// On x86_64 the kernel lies in the middle of it; see Docs/processes.md.
public struct UserLayout: BitwiseCopyable, Equatable, Sendable {
  /// The lowest address that can be mapped.
  public var lowest: UInt
  /// One past the highest one.
  public var limit: UInt
  /// The kernel's part between them, empty if it lies above.
  public var kernelStart: UInt
  /// One past the kernel's part.
  public var kernelEnd: UInt
  /// One past the highest byte of the first stack.
  public var stackTop: UInt
  /// Where programs lie that can be moved.
  public var programBase: UInt
  /// One past the highest address for mappings that may be anywhere.
  public var mappingTop: UInt

  /// Makes a layout of its parts; mappings begin below the largest stack and its guard.
  public init(
    lowest: UInt, limit: UInt, kernelStart: UInt = 0, kernelEnd: UInt = 0, stackTop: UInt,
    programBase: UInt
  ) {
    (self.lowest, self.limit) = (lowest, limit)
    (self.kernelStart, self.kernelEnd) = (kernelStart, kernelEnd)
    (self.stackTop, self.programBase) = (stackTop, programBase)
    mappingTop = stackTop - Self.stackLimit - (2 << 20)
  }

  /// Bytes that a stack may grow to: 8 MiB.
  public static var stackLimit: UInt { 8 << 20 }

  /// Whether a range can belong to a program; `end` is one past the last byte.
  public func allows(_ start: UInt, _ end: UInt) -> Bool {
    guard start < end, start >= lowest, end <= limit else { return false }
    return end <= kernelStart || start >= kernelEnd
  }

  #if arch(i386)
    /// A program of i386 on i686: 3 GiB.
    public static var i386: UserLayout {
      UserLayout(
        lowest: 0x1_0000, limit: 0xC000_0000, stackTop: 0xBFFF_F000, programBase: 0x5655_5000)
    }
  #else
    /// A program of i386 on x86_64: nearly 4 GiB.
    public static var i386: UserLayout {
      UserLayout(
        lowest: 0x1_0000, limit: 0xFFFF_E000, stackTop: 0xFFFF_D000, programBase: 0x5655_5000)
    }

    /// A program of x86-64: the lower half around the kernel.
    public static var x86_64: UserLayout {
      UserLayout(
        lowest: 0x1_0000, limit: 0x7FFF_FFFF_F000, kernelStart: 0x4000_0000_0000,
        kernelEnd: 0x4400_0000_0000, stackTop: 0x7FFF_FFFF_E000, programBase: 0x5555_5555_4000)
    }
  #endif
}
