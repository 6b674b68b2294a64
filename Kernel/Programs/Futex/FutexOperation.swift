/// What the call `futex` is asked for.

/// The operations.
public enum FutexCommand: UInt32, BitwiseCopyable, Hashable, Sendable {
  case wait = 0
  case wake = 1
  case requeue = 3
  case compareAndRequeue = 4
  case wakeOperation = 5
  case waitForBits = 9
  case wakeBits = 10
}

/// The second argument of the call, understood.
public struct FutexOperation: BitwiseCopyable, Hashable, Sendable {
  /// What is to be done.
  public let command: FutexCommand
  /// FUTEX_PRIVATE_FLAG: the word is of this address space only.
  public let isPrivate: Bool
  /// FUTEX_CLOCK_REALTIME: what an absolute time-out is counted by.
  public let usesRealTime: Bool

  /// Reads the argument; `nil` for operations that are not performed.
  public init?(argument: UInt32) {
    guard let command = FutexCommand(rawValue: argument & ~0x180) else { return nil }
    self.command = command
    isPrivate = argument & 0x80 != 0
    usesRealTime = argument & 0x100 != 0
  }

  /// Whether the time-out is a moment rather than a length.
  public var isAbsolute: Bool { command == .waitForBits }
}

/// What FUTEX_WAKE_OP does to the second word, and when it wakes there too.
public struct FutexWordChange: BitwiseCopyable, Hashable, Sendable {
  private let code: UInt32

  /// The third value of the call.
  public init(code: UInt32) { self.code = code }

  private var argument: UInt32 {
    // Twelve bits with a sign; bit 31 makes it a shift.
    let value = UInt32(bitPattern: Int32(bitPattern: code << 8) >> 20)
    return code >> 31 != 0 ? 1 << (value & 31) : value
  }

  /// The word after the change, or `nil` for an unknown one.
  public func apply(to word: UInt32) -> UInt32? {
    switch code >> 28 & 7 {
    case 0: argument
    case 1: word &+ argument
    case 2: word | argument
    case 3: word & ~argument
    case 4: word ^ argument
    default: nil
    }
  }

  /// Whether the word before the change lets threads be woken, or `nil` for an unknown comparison.
  public func matches(_ word: UInt32) -> Bool? {
    let value = Int32(bitPattern: code << 20) >> 20
    let word = Int32(bitPattern: word)
    switch code >> 24 & 15 {
    case 0: return word == value
    case 1: return word != value
    case 2: return word < value
    case 3: return word <= value
    case 4: return word > value
    case 5: return word >= value
    default: return nil
    }
  }
}

/// What becomes of a word in a thread's robust list when the thread ends.
public enum RobustWord {
  /// FUTEX_WAITERS, FUTEX_OWNER_DIED and the owner's number.
  public static var waiters: UInt32 { 0x8000_0000 }
  /// FUTEX_OWNER_DIED.
  public static var ownerDied: UInt32 { 0x4000_0000 }
  /// The owner's number.
  public static var ownerMask: UInt32 { 0x3FFF_FFFF }
  /// The most entries that are followed.
  public static var longestList: Int { 2048 }

  /// The new value, or `nil` if the thread did not own the word.
  public static func afterEnd(of thread: UInt32, _ word: UInt32) -> UInt32? {
    guard word & ownerMask == thread & ownerMask else { return nil }
    return word & waiters | ownerDied
  }
}
