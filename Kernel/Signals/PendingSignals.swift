/// Signals that have been sent and not been taken.

import LinuxABI

/// Why a signal was sent, `siginfo_t`.
public struct SignalInformation: BitwiseCopyable, Hashable, Sendable {
  /// `si_code`.
  public var code: Int32
  /// The sender, or the child.
  public var process: Int32 = 0
  /// The sender's user.
  public var user: UInt32 = 0
  /// The address of a fault, the status of a child, or the value of a queued signal.
  public var value: UInt64 = 0

  /// Makes an information.
  public init(code: Int32, process: Int32 = 0, user: UInt32 = 0, value: UInt64 = 0) {
    (self.code, self.process, self.user, self.value) = (code, process, user, value)
  }

  /// SI_USER, SI_KERNEL, SI_TKILL.
  public static var userCode: Int32 { 0 }
  /// SI_KERNEL.
  public static var kernelCode: Int32 { 128 }
  /// SI_TKILL.
  public static var threadCode: Int32 { -6 }

  /// Bytes of the structure.
  public static var size: Int { 128 }

  /// Writes the structure at `offset` of zeroed bytes.
  @export(interface)
  public func write(
    _ signal: SignalNumber, _ abi: ProgramABI, to bytes: inout MutableSpan<UInt8>, at offset: Int
  ) {
    bytes.put(UInt64(signal.rawValue), count: 4, at: offset)
    bytes.put(UInt64(truncatingIfNeeded: code), count: 4, at: offset + 8)
    // The union begins where a pointer may.
    let union = offset + (abi == .i386 ? 12 : 16)
    if code > 0, signal.mask & SignalSets.faults != 0 {
      bytes.put(value, count: abi.wordSize, at: union)
    } else {
      bytes.put(UInt64(truncatingIfNeeded: process), count: 4, at: union)
      bytes.put(UInt64(user), count: 4, at: union + 4)
      bytes.put(value, count: signal == .child ? 4 : abi.wordSize, at: union + 8)
    }
  }
}

/// A set of signals with what is known of each; of several of one kind the first is kept.
public struct PendingSignals: ~Copyable {
  /// The signals.
  public private(set) var set: UInt64 = 0
  private var information: InlineArray<64, SignalInformation> = .init(repeating: SignalInformation(code: 0))

  /// None.
  public init() {}

  /// Adds a signal.
  public mutating func insert(_ signal: SignalNumber, _ information: SignalInformation) {
    guard set & signal.mask == 0 else { return }
    set |= signal.mask
    self.information[Int(signal.rawValue) - 1] = information
  }

  /// Forgets signals.
  public mutating func remove(_ signals: UInt64) { set &= ~signals }

  /// Takes a signal of those in `signals`: what an instruction raised first, then the lowest number.
  public mutating func take(_ signals: UInt64) -> (SignalNumber, SignalInformation)? {
    var candidates = set & signals
    guard candidates != 0 else { return nil }
    if candidates & SignalSets.faults != 0 { candidates &= SignalSets.faults }
    guard let signal = SignalNumber(rawValue: candidates.trailingZeroBitCount + 1) else { return nil }
    set &= ~signal.mask
    return (signal, information[Int(signal.rawValue) - 1])
  }
}
