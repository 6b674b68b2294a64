/// The logical functions and the constants of SHA-256 (FIPS 180-4, sections 4.1.2 and 4.2.2).

/// What the rounds of SHA-256 are made of.
enum SHA256Functions {
  @inline(__always)
  private static func rotated(_ word: UInt32, by count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }

  @inline(__always)
  static func choose(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { x & y ^ ~x & z }

  @inline(__always)
  static func majority(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { x & y ^ x & z ^ y & z }

  @inline(__always)
  static func bigSigma0(_ x: UInt32) -> UInt32 { rotated(x, by: 2) ^ rotated(x, by: 13) ^ rotated(x, by: 22) }

  @inline(__always)
  static func bigSigma1(_ x: UInt32) -> UInt32 { rotated(x, by: 6) ^ rotated(x, by: 11) ^ rotated(x, by: 25) }

  @inline(__always)
  static func smallSigma0(_ x: UInt32) -> UInt32 { rotated(x, by: 7) ^ rotated(x, by: 18) ^ x >> 3 }

  @inline(__always)
  static func smallSigma1(_ x: UInt32) -> UInt32 { rotated(x, by: 17) ^ rotated(x, by: 19) ^ x >> 10 }

  /// The constant of a round, 0 to 63: the fractional part of the cube root of that prime.
  ///
  /// A `static let` table would be made at its first use, under a lock (Embedded Swift 6.3 does not lay out an
  /// `InlineArray` as constant data). A switch over small integers becomes a table in read-only memory.
  @inline(__always)
  static func constant(ofRound round: Int) -> UInt32 {
    switch round & 63 {
    case 0: 0x428A_2F98
    case 1: 0x7137_4491
    case 2: 0xB5C0_FBCF
    case 3: 0xE9B5_DBA5
    case 4: 0x3956_C25B
    case 5: 0x59F1_11F1
    case 6: 0x923F_82A4
    case 7: 0xAB1C_5ED5
    case 8: 0xD807_AA98
    case 9: 0x1283_5B01
    case 10: 0x2431_85BE
    case 11: 0x550C_7DC3
    case 12: 0x72BE_5D74
    case 13: 0x80DE_B1FE
    case 14: 0x9BDC_06A7
    case 15: 0xC19B_F174
    case 16: 0xE49B_69C1
    case 17: 0xEFBE_4786
    case 18: 0x0FC1_9DC6
    case 19: 0x240C_A1CC
    case 20: 0x2DE9_2C6F
    case 21: 0x4A74_84AA
    case 22: 0x5CB0_A9DC
    case 23: 0x76F9_88DA
    case 24: 0x983E_5152
    case 25: 0xA831_C66D
    case 26: 0xB003_27C8
    case 27: 0xBF59_7FC7
    case 28: 0xC6E0_0BF3
    case 29: 0xD5A7_9147
    case 30: 0x06CA_6351
    case 31: 0x1429_2967
    case 32: 0x27B7_0A85
    case 33: 0x2E1B_2138
    case 34: 0x4D2C_6DFC
    case 35: 0x5338_0D13
    case 36: 0x650A_7354
    case 37: 0x766A_0ABB
    case 38: 0x81C2_C92E
    case 39: 0x9272_2C85
    case 40: 0xA2BF_E8A1
    case 41: 0xA81A_664B
    case 42: 0xC24B_8B70
    case 43: 0xC76C_51A3
    case 44: 0xD192_E819
    case 45: 0xD699_0624
    case 46: 0xF40E_3585
    case 47: 0x106A_A070
    case 48: 0x19A4_C116
    case 49: 0x1E37_6C08
    case 50: 0x2748_774C
    case 51: 0x34B0_BCB5
    case 52: 0x391C_0CB3
    case 53: 0x4ED8_AA4A
    case 54: 0x5B9C_CA4F
    case 55: 0x682E_6FF3
    case 56: 0x748F_82EE
    case 57: 0x78A5_636F
    case 58: 0x84C8_7814
    case 59: 0x8CC7_0208
    case 60: 0x90BE_FFFA
    case 61: 0xA450_6CEB
    case 62: 0xBEF9_A3F7
    default: 0xC671_78F2
    }
  }
}
