/// The x87 state as i386 had it before `fxsave`: what a handler of i386 finds in front of the state of today.
///
///      0 control, status, tags: words of 32 bits            A tag is 2 bits here: valid, zero, special, empty.
///     12 address of the last instruction, of its operand    `fxsave` keeps one bit, whether the register is in use.
///     28 eight registers of 10 bytes
///    108 status, and 0: behind this lies a state of fxsave
///
/// Format: Linux, arch/x86/include/uapi/asm/sigcontext.h, `struct _fpstate_32`; Intel SDM volume 1, 8.1.10 and 10.5.1.

/// Translation between the two forms.
public enum LegacyState {
  /// Bytes of the old form.
  public static var size: Int { 112 }

  /// Writes the old form of a state.
  ///
  /// - Parameters:
  ///   - state: at least the 160 bytes that `fxsave` begins with.
  ///   - header: 112 bytes.
  public static func write(_ state: Span<UInt8>, to header: inout MutableSpan<UInt8>) {
    copy(state, 0, to: &header, 0, 2)
    copy(state, 2, to: &header, 4, 2)
    set(&header, 8, tags(state))
    for offset in stride(from: 2, through: 10, by: 4) { set(&header, offset, 0xFFFF) }
    copy(state, 8, to: &header, 12, 4)
    copy(state, 12, to: &header, 16, 2)
    copy(state, 6, to: &header, 18, 2)
    copy(state, 16, to: &header, 20, 4)
    copy(state, 20, to: &header, 24, 2)
    set(&header, 26, 0xFFFF)
    for index in 0..<8 { copy(state, 32 + 16 * index, to: &header, 28 + 10 * index, 10) }
    copy(state, 2, to: &header, 108, 2)
    set(&header, 110, 0)
  }

  /// Takes the x87 part of a state from the old form.
  public static func read(_ header: Span<UInt8>, into state: inout MutableSpan<UInt8>) {
    copy(header, 0, to: &state, 0, 2)
    copy(header, 4, to: &state, 2, 2)
    var inUse: UInt8 = 0
    for index in 0..<8 where header[8 + index / 4] >> UInt8(index % 4 * 2) & 3 != 3 {
      inUse |= 1 << UInt8(index)
    }
    state[4] = inUse
    state[5] = 0
    copy(header, 18, to: &state, 6, 2)
    copy(header, 12, to: &state, 8, 4)
    copy(header, 16, to: &state, 12, 2)
    copy(header, 20, to: &state, 16, 4)
    copy(header, 24, to: &state, 20, 2)
    for index in 0..<8 { copy(header, 28 + 10 * index, to: &state, 32 + 16 * index, 10) }
  }

  /// The tags of all registers, by their own numbers: 0 valid, 1 zero, 2 special, 3 empty.
  private static func tags(_ state: Span<UInt8>) -> UInt16 {
    let top = Int(state[3] >> 3 & 7)
    var tags: UInt16 = 0
    for index in 0..<8 {
      var tag: UInt16 = 3
      if state[4] >> UInt8(index) & 1 != 0 {
        // The registers lie in the order of the stack, from its top.
        tag = self.tag(state, 32 + 16 * ((index - top) & 7))
      }
      tags |= tag << UInt16(2 * index)
    }
    return tags
  }

  private static func tag(_ state: Span<UInt8>, _ offset: Int) -> UInt16 {
    let exponent = UInt16(state[offset + 8]) | UInt16(state[offset + 9] & 0x7F) << 8
    if exponent == 0x7FFF { return 2 }
    if exponent != 0 { return state[offset + 7] & 0x80 != 0 ? 0 : 2 }
    for index in 0..<8 where state[offset + index] != 0 { return 2 }
    return 1
  }

  private static func set(_ bytes: inout MutableSpan<UInt8>, _ offset: Int, _ value: UInt16) {
    bytes[offset] = UInt8(truncatingIfNeeded: value)
    bytes[offset + 1] = UInt8(value >> 8)
  }

  private static func copy(
    _ source: Span<UInt8>, _ from: Int, to target: inout MutableSpan<UInt8>, _ offset: Int, _ count: Int
  ) {
    for index in 0..<count { target[offset + index] = source[from + index] }
  }
}
