/// What a process does about signals, and which wait.

import LinuxABI

/// Flags of an action, `SA_...`.
public struct SignalActionFlags: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The bits as a program gives them.
  public let rawValue: UInt32
  /// Makes a set of its bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// SA_NOCLDSTOP: no signal when children stop.
  public static let noChildStop = Self(rawValue: 1)
  /// SA_NOCLDWAIT: ended children leave nothing to wait for.
  public static let noChildWait = Self(rawValue: 2)
  /// SA_SIGINFO: the handler takes three arguments.
  public static let information = Self(rawValue: 4)
  /// SA_RESTORER: where the handler returns to is given.
  public static let restorer = Self(rawValue: 0x0400_0000)
  /// SA_ONSTACK: on the alternate stack.
  public static let onStack = Self(rawValue: 0x0800_0000)
  /// SA_RESTART: an interrupted call begins again.
  public static let restart = Self(rawValue: 0x1000_0000)
  /// SA_NODEFER: the signal itself is not blocked meanwhile.
  public static let noDefer = Self(rawValue: 0x4000_0000)
  /// SA_RESETHAND: back to the default action first.
  public static let reset = Self(rawValue: 0x8000_0000)
}

/// What is done about a signal.
public struct SignalAction: BitwiseCopyable, Hashable, Sendable {
  /// The handler's address; 0 for the default action, 1 to ignore.
  public var handler: UInt64 = 0
  /// How the handler is called.
  public var flags: SignalActionFlags = []
  /// Where the handler returns to.
  public var restorer: UInt64 = 0
  /// What is blocked besides while the handler runs.
  public var mask: UInt64 = 0

  /// The default action.
  public init() {}

  /// Whether the default action is to be taken.
  public var isDefault: Bool { handler == 0 }
  /// Whether the signal is ignored on request.
  public var isIgnored: Bool { handler == 1 }
}

/// What happens by default.
public enum DefaultAction: UInt8, BitwiseCopyable, Hashable, Sendable {
  case terminate, dumpCore, ignore, stop, goOn

  /// The default action of a signal.
  public init(of signal: SignalNumber) {
    self =
      switch signal {
      case .child, .urgent, .windowChanged: .ignore
      case .goOn: .goOn
      case .stop, .terminalStop, .terminalInput, .terminalOutput: .stop
      case .quit, .illegalInstruction, .trap, .abort, .busError, .arithmetic, .segmentation, .processorLimit,
        .fileSizeLimit, .badCall:
        .dumpCore
      default: .terminate
      }
  }
}

/// The sets that rules name.
public enum SignalSets {
  /// What can be neither blocked, caught nor ignored.
  public static var unblockable: UInt64 { SignalNumber.kill.mask | SignalNumber.stop.mask }
  /// What stops a process by default.
  public static var stops: UInt64 {
    SignalNumber.stop.mask | SignalNumber.terminalStop.mask | SignalNumber.terminalInput.mask
      | SignalNumber.terminalOutput.mask
  }
  /// What an instruction raises: taken before others.
  static var faults: UInt64 {
    SignalNumber.segmentation.mask | SignalNumber.busError.mask | SignalNumber.illegalInstruction.mask
      | SignalNumber.trap.mask | SignalNumber.arithmetic.mask | SignalNumber.badCall.mask
  }
}

/// The actions of a process for all signals.
///
/// - Invariant: `ignored` has the signals whose action is to ignore them. An action that was never set is the default one, and
///   what the table has for it means nothing: a child of a process that has set none needs no copy of the table.
public struct SignalActions: ~Copyable {
  /// The signals that are ignored on request.
  public private(set) var ignored: UInt64 = 0
  private var set: UInt64 = 0
  private var actions: InlineArray<64, SignalAction> = .init(repeating: SignalAction())

  /// Default actions.
  public init() {}

  /// The bytes of the table, with which this ends.
  public static var tableBytes: Int { MemoryLayout<InlineArray<64, SignalAction>>.size }
  /// Whether any action was set, so that the table means something.
  public var hasTable: Bool {
    @inline(__always) mutating get { set != 0 }
  }

  /// The action for a signal.
  ///
  /// Changing, as is everything here: only so is the table not copied to be looked at.
  public subscript(_ signal: SignalNumber) -> SignalAction {
    mutating get { set & signal.mask == 0 ? SignalAction() : actions[Int(signal.rawValue) - 1] }
    set {
      set |= signal.mask
      ignored = newValue.isIgnored ? ignored | signal.mask : ignored & ~signal.mask
      actions[Int(signal.rawValue) - 1] = newValue
    }
  }

  /// Another program runs: what was caught has its default action again, what was ignored stays so.
  public mutating func resetForExecution() { set &= ignored }

  /// Whether a signal that is not blocked would have no effect.
  public mutating func ignores(_ signal: SignalNumber) -> Bool {
    let action = self[signal]
    return action.isIgnored || action.isDefault && DefaultAction(of: signal) == .ignore
  }
}

/// The alternate stack of a thread.
public struct AlternateStack: BitwiseCopyable, Hashable, Sendable {
  /// The lowest address and the size.
  public var start: UInt64 = 0
  /// Its bytes; 0 for none.
  public var size: UInt64 = 0

  /// None.
  public init() {}

  /// SS_ONSTACK, SS_DISABLE, and the flag that Linux takes with them.
  public static var onStackFlag: UInt32 { 1 }
  /// SS_DISABLE.
  public static var disabledFlag: UInt32 { 2 }
  /// The least bytes that are taken.
  public static var leastSize: UInt64 { 2048 }

  /// Whether a stack pointer is on it.
  public func contains(_ pointer: UInt64) -> Bool { size != 0 && pointer > start && pointer - start <= size }

  /// What `sigaltstack` tells of it.
  public func flags(at pointer: UInt64) -> UInt32 {
    size == 0 ? Self.disabledFlag : contains(pointer) ? Self.onStackFlag : 0
  }
}
