/// How a state lies in memory (Intel SDM volume 1, 10.5 and 13.4), and what a new one is.

/// The instructions that move a state.
public enum StateFormat: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// None: the processor has no `fxsave`, and programs have no floating point.
  case none
  /// `fxsave` and `fxrstor`: x87 and SSE, 512 bytes.
  case fxsave
  /// `xsave` and `xrstor`: what XCR0 names.
  case xsave
}

/// The size and the parts of a state.
public struct StateLayout: BitwiseCopyable, Hashable, Sendable {
  /// The components that are saved, as bits of XCR0: x87, SSE, AVX.
  ///
  /// Later ones (AVX-512, protection keys) are left out: QEMU's translator has none that programs here are built for.
  public static let wantedComponents: UInt64 = 0b111

  /// Where a state may begin.
  public static let alignment = 64
  /// The most bytes that are believed: the header of a state and AVX need 832.
  static let largest: UInt32 = 4096
  /// x87 control word of a new state: extended precision, round to nearest, no exception raised (`fninit`).
  public static let initialControlWord: UInt16 = 0x037F
  /// MXCSR of a new state: round to nearest, no exception raised.
  public static let initialMXCSR: UInt32 = 0x1F80

  /// How states are moved.
  public let format: StateFormat
  /// The components, as bits of XCR0; 0 without `xsave`.
  public let components: UInt64
  /// Bytes in a state.
  public let size: Int

  /// Chooses the best that the processor has.
  ///
  /// - Parameters:
  ///   - hasFXSave: whether there is `fxsave` (CPUID 1, EDX bit 24).
  ///   - available: the components that XCR0 may have, or 0 without `xsave` (CPUID 1, ECX bit 26; CPUID 0xD).
  ///   - size: answers the bytes that the components need (CPUID 0xD, EBX once XCR0 has them).
  public init(hasFXSave: Bool, available: UInt64, size: (_ components: UInt64) -> UInt32) {
    let chosen = available & Self.wantedComponents
    // x87 is in every XCR0, and without SSE there is nothing that fxsave lacks.
    if hasFXSave, chosen & 0b11 == 0b11 {
      let bytes = size(chosen)
      if bytes >= 576, bytes <= Self.largest {
        (format, components, self.size) = (.xsave, chosen, Int(bytes))
        return
      }
    }
    (format, components, self.size) = (hasFXSave ? .fxsave : .none, 0, hasFXSave ? 512 : 0)
  }

  /// The 32-bit word of a new state at `offset`, a multiple of 4.
  public func initialWord(at offset: Int) -> UInt32 {
    switch offset {
    case 0: UInt32(Self.initialControlWord)
    case 24: Self.initialMXCSR
    // The header's first word says which components are in the state; the others are loaded as after a reset.
    case 512 where format == .xsave: 0b11
    default: 0
    }
  }
}
