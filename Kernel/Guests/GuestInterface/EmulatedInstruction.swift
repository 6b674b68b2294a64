/// Instructions that are the host's to carry out because ring 1 may not.

/// A privileged instruction that real guests execute.
///
/// Linux masks the legacy interrupt controllers, looks for PCI and probes serial ports before it knows where it runs.
/// Everything reads as all ones and ignores what is written, as where there is no device.
public struct EmulatedInstruction: BitwiseCopyable, Hashable, Sendable {
  /// What it does.
  public enum Effect: BitwiseCopyable, Hashable, Sendable {
    /// Nothing.
    case none
    /// Reads `bytes` bytes from a port into `eax`.
    case read(bytes: UInt8)
  }

  /// What it does.
  public var effect: Effect
  /// Its length in bytes.
  public var length: UInt32

  /// The most bytes that an instruction of this kind has.
  public static var longest: UInt32 { 3 }

  /// The instruction that begins with these bytes, or `nil` if the guest must deal with its fault itself.
  ///
  /// - Parameter bytes: four bytes from the place of the fault, the first lowest; those that cannot be read are 0.
  @inlinable
  public init?(bytes: UInt32) {
    var rest = bytes
    var prefix: UInt32 = 0
    if rest & 0xFF == 0x66 {
      prefix = 1
      rest >>= 8
    }
    let wide: UInt8 = prefix == 1 ? 2 : 4
    switch rest & 0xFF {
    case 0xFA where prefix == 0: self.init(effect: .none, length: 1)  // cli
    case 0xE4: self.init(effect: .read(bytes: 1), length: prefix + 2)  // in al, imm8
    case 0xE5: self.init(effect: .read(bytes: wide), length: prefix + 2)
    case 0xEC: self.init(effect: .read(bytes: 1), length: prefix + 1)  // in al, dx
    case 0xED: self.init(effect: .read(bytes: wide), length: prefix + 1)
    case 0xE6, 0xE7: self.init(effect: .none, length: prefix + 2)  // out imm8
    case 0xEE, 0xEF: self.init(effect: .none, length: prefix + 1)  // out dx
    default: return nil
    }
  }

  @inlinable
  init(effect: Effect, length: UInt32) {
    self.effect = effect
    self.length = length
  }

  /// Carries it out.
  @inlinable
  public func perform(on registers: inout GuestRegisters) {
    if case .read(let bytes) = effect {
      registers.eax |= bytes == 4 ? .max : bytes == 2 ? 0xFFFF : 0xFF
    }
    registers.eip &+= length
  }
}
