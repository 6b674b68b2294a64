/// What a trace tells: one thing that happened, in 16 bytes.

/// What happened.
///
/// The raw values are the format of stored traces: they never change their meaning.
public enum TraceKind: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  /// Nothing was ever written here.
  case empty = 0
  /// The processor goes on with thread `large`; `small` is why the one before was left, a `SwitchCause`.
  case switching = 1
  /// Thread `large` was made ready; `small` is how its wait ended, a `WaitOutcome`.
  case wake = 2
  /// The processor took interrupt vector `small`.
  case interruptBegin = 3
  /// What interrupt vector `small` asked for is done; a switch may follow.
  case interruptEnd = 4
  /// The current thread begins to wait for the object at `large`; `small` is what for, a `WaitReason`.
  case waitBegin = 5
  /// The lock at `large` belongs to thread `small` now.
  case lock = 6
  /// The lock at `large` was given up by thread `small`.
  case unlock = 7
  /// Thread `large` was made with level `small`.
  case create = 8
  /// Thread `large` ended.
  case exit = 9
  /// Thread `large` has level `small` now.
  case level = 10
  /// The current thread enters system call `small`.
  case callBegin = 11
  /// It leaves system call `small` with the low half of its result in `large`.
  case callEnd = 12
  /// A page fault at the low half of the address in `large`; `small` is the error code.
  case fault = 13
  /// A mark of whoever debugs.
  case mark = 14
  /// The timer will interrupt in `large` ticks, at most 2^32 - 1; `small` is 1 if that ends a time slice.
  case timer = 15
}

/// Why the processor leaves a thread.
///
/// The raw values are the format of stored traces.
public enum SwitchCause: UInt16, BitwiseCopyable, Sendable, CaseIterable {
  /// A more urgent thread was made ready, or it gave way.
  case turn = 0
  /// It waits, or has ended.
  case wait = 1
  /// The timer has ended its slice.
  case slice = 2
}

/// One event of a trace, as it lies in memory.
///
/// Little-endian on every machine that there is a kernel for:
///
///      0               8       10      12              16
///     ┌───────────────┬───────┬───────┬───────────────┐
///     │ time in ticks │ kind  │ small │     large     │
///     └───────────────┴───────┴───────┴───────────────┘
public struct TraceEvent: BitwiseCopyable, Hashable, Sendable {
  /// When, in ticks of the processor's counter.
  public var time: UInt64
  /// What happened, a `TraceKind` or a number that a newer kernel gave it.
  public var kindCode: UInt16
  /// The kind's smaller argument.
  public var small: UInt16
  /// The kind's larger argument.
  public var large: UInt32

  /// Makes an event.
  public init(time: UInt64, kind: TraceKind, small: UInt16 = 0, large: UInt32 = 0) {
    self.time = time
    kindCode = kind.rawValue
    self.small = small
    self.large = large
  }

  init(time: UInt64, kindCode: UInt16, small: UInt16, large: UInt32) {
    self.time = time
    self.kindCode = kindCode
    self.small = small
    self.large = large
  }

  /// What happened, or `nil` for a kind that this version does not know.
  public var kind: TraceKind? { TraceKind(rawValue: kindCode) }

  /// The bytes in an event.
  public static var size: Int { 16 }
}
