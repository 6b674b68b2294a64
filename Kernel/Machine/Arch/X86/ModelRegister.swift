/// Numbers of model-specific registers (Intel SDM volume 4; AMD APM volume 2, appendix A).

enum ModelRegister {
  /// What `sysenter` loads.
  static let sysenterCode: UInt32 = 0x174
  static let sysenterStack: UInt32 = 0x175
  static let sysenterEntry: UInt32 = 0x176
  /// Extended features (EFER): bit 0 enables `syscall`.
  static let extendedFeatures: UInt32 = 0xC000_0080
  /// The selectors of `syscall` and `sysret` (STAR).
  static let callSelectors: UInt32 = 0xC000_0081
  /// Where `syscall` goes to from 64-bit code (LSTAR) and from 32-bit code (CSTAR).
  static let callEntry: UInt32 = 0xC000_0082
  static let compatibleCallEntry: UInt32 = 0xC000_0083
  /// The flags that `syscall` clears (SFMASK).
  static let callFlagMask: UInt32 = 0xC000_0084
  /// The bases of fs and gs, and the one that `swapgs` exchanges with the latter.
  static let fsBase: UInt32 = 0xC000_0100
  static let gsBase: UInt32 = 0xC000_0101
  static let kernelGSBase: UInt32 = 0xC000_0102
}
