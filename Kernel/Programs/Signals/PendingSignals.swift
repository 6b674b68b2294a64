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
  /// SI_TIMER: the process's number is the timer's, the user how often it was due since.
  public static var timerCode: Int32 { -2 }

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

/// A set of signals with what is known of each.
///
/// Of several of one kind the first is kept; of those from 32 on, which are for programs' own purposes, all are, as far as
/// there is room, and they come in the order in which they were sent.
public struct PendingSignals: ~Copyable {
  /// One more of a kind that is there already.
  private struct Further: BitwiseCopyable {
    var signal: UInt8
    var information: SignalInformation
  }

  /// The signals.
  public private(set) var set: UInt64 = 0
  private var information: InlineArray<64, SignalInformation> = .init(repeating: SignalInformation(code: 0))
  private var further: InlineArray<32, Further> = .init(
    repeating: Further(signal: 0, information: SignalInformation(code: 0)))
  private var furtherCount = 0

  /// None.
  public init() {}

  /// Forgets all, whatever the memory held: what was known of them is not looked at any more.
  @inline(__always)
  public mutating func removeAll() {
    set = 0
    furtherCount = 0
  }

  /// Adds a signal.
  ///
  /// - Returns: `false` if it should have been queued and there was no room.
  @discardableResult
  public mutating func insert(_ signal: SignalNumber, _ information: SignalInformation) -> Bool {
    if set & signal.mask == 0 {
      set |= signal.mask
      self.information[Int(signal.rawValue) - 1] = information
      return true
    }
    guard signal.isQueued else { return true }
    guard furtherCount < further.count else { return false }
    further[furtherCount] = Further(signal: UInt8(signal.rawValue), information: information)
    furtherCount += 1
    return true
  }

  /// Forgets signals.
  public mutating func remove(_ signals: UInt64) {
    set &= ~signals
    var kept = 0
    for index in 0..<furtherCount where signals >> UInt64(further[index].signal - 1) & 1 == 0 {
      further[kept] = further[index]
      kept += 1
    }
    furtherCount = kept
  }

  /// Takes a signal of those in `signals`: what an instruction raised first, then the lowest number.
  public mutating func take(_ signals: UInt64) -> (SignalNumber, SignalInformation)? {
    var candidates = set & signals
    guard candidates != 0 else { return nil }
    if candidates & SignalSets.faults != 0 { candidates &= SignalSets.faults }
    guard let signal = SignalNumber(rawValue: candidates.trailingZeroBitCount + 1) else { return nil }
    let taken = information[Int(signal.rawValue) - 1]
    if !takeNext(signal) { set &= ~signal.mask }
    return (signal, taken)
  }

  /// Lets the next of a kind come forward, if there is one.
  private mutating func takeNext(_ signal: SignalNumber) -> Bool {
    guard signal.isQueued, furtherCount > 0 else { return false }
    for index in 0..<furtherCount where further[index].signal == UInt8(signal.rawValue) {
      information[Int(signal.rawValue) - 1] = further[index].information
      for next in index + 1..<furtherCount { further[next - 1] = further[next] }
      furtherCount -= 1
      return true
    }
    return false
  }
}
