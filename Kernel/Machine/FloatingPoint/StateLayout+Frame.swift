/// States as programs see and give them, in the frames of handlers.
///
/// A program may write anything into a frame. The instructions that load a state fault on some of it, and that would be
/// a fault of the kernel's: so a state is judged first.

extension StateLayout {
  /// Marks a frame whose state goes beyond that of `fxsave` (Linux, FP_XSTATE_MAGIC1 and 2).
  public static let firstMark: UInt32 = 0x4650_5853
  /// Stands behind such a state.
  public static let secondMark: UInt32 = 0x4650_5845
  /// Where the first mark stands, in bytes that `fxsave` leaves alone.
  public static let markOffset = 464

  /// Bytes of a state in a frame, with what marks its end.
  public var frameSize: Int { format == .xsave ? size + 4 : size }

  /// The 32-bit word at `offset` of what is written over a state in a frame, or `nil` where nothing is.
  public func mark(at offset: Int) -> UInt32? {
    guard format == .xsave else { return nil }
    switch offset {
    case Self.markOffset: return Self.firstMark
    case Self.markOffset + 4: return UInt32(frameSize)
    case Self.markOffset + 8: return UInt32(truncatingIfNeeded: components)
    case Self.markOffset + 12: return UInt32(truncatingIfNeeded: components >> 32)
    case Self.markOffset + 16: return UInt32(size)
    default: return nil
    }
  }

  /// Makes a state that a program gives one that can be loaded.
  ///
  /// - Parameters:
  ///   - state: `size` bytes; what can't be loaded is taken out of it.
  ///   - isWhole: whether the program gave more than the part of `fxsave`.
  ///   - allowed: the bits that MXCSR may have on this processor (`fxsave`, bytes 28 to 31).
  /// - Returns: whether it is one at all.
  public func admit(_ state: inout MutableSpan<UInt8>, isWhole: Bool, allowedMXCSR allowed: UInt32) -> Bool {
    guard word(state, 24) & ~allowed == 0 else { return false }
    guard format == .xsave else { return true }
    let given = isWhole ? UInt64(word(state, 512)) | UInt64(word(state, 516)) << 32 : 0b11
    // The compact form and what is reserved must be zero (Intel SDM volume 1, 13.4.2).
    for offset in 512..<576 { state[offset] = 0 }
    for index in 0..<8 {
      state[512 + index] = UInt8(truncatingIfNeeded: (given & components) >> UInt64(8 * index))
    }
    return true
  }

  private func word(_ bytes: borrowing MutableSpan<UInt8>, _ offset: Int) -> UInt32 {
    UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
      | UInt32(bytes[offset + 3]) << 24
  }
}

/// What raised a floating-point exception, as `si_code` says it (FPE_...).
public enum FloatingPointFault {
  /// The code for exceptions that are set and not masked.
  ///
  /// - Parameters:
  ///   - raised: the exception flags, in the order of the status word: invalid, denormal, division by zero, overflow,
  ///     underflow, precision.
  ///   - masked: the masks, in the same order.
  public static func code(raised: UInt32, masked: UInt32) -> Int32 {
    let exceptions = raised & ~masked
    if exceptions & 0x01 != 0 { return 7 }
    if exceptions & 0x04 != 0 { return 3 }
    if exceptions & 0x08 != 0 { return 4 }
    if exceptions & 0x12 != 0 { return 5 }
    if exceptions & 0x20 != 0 { return 6 }
    return 0
  }
}
