/// Whose floating-point and vector state the processor's registers hold, and when it is moved.
///
/// The kernel uses none of these registers, so their content stays what the last user left, whoever runs meanwhile.
/// Two ways to share them, chosen at boot:
///
/// - *lazily*: a switch only closes the registers (CR0.TS); the first instruction that wants them is stopped
///   (device not available), and then the contents are exchanged. Who computes alone never pays for it.
/// - *eagerly*: a switch to a thread with a state of its own brings that state with it. No exception, and no
///   thread can be made to wait for another's contents.
///
/// Nothing here touches a register: every event answers with what is to be done (`RegisterStep`), so that a model test
/// can try any order of events.

/// When states are moved between registers and memory.
public enum RegisterPolicy: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// When a thread uses the registers while they hold another's state.
  case lazy
  /// At the switch.
  case eager
}

/// Where a state lies in memory while the registers do not hold it; 0 is nobody's.
public typealias StateAddress = UInt

/// What is to be done with the registers, in this order: save, load, open or close.
public struct RegisterStep: BitwiseCopyable, Equatable, Sendable {
  /// Where to save the registers, or 0.
  public var save: StateAddress = 0
  /// What to load into them, or 0.
  public var load: StateAddress = 0
  /// Whether instructions that use them are let through afterwards.
  public var isOpen: Bool
}

/// The owner of one processor's registers.
///
/// - Invariant: while the registers are open, the running thread's state is the owner. The memory of any state but
///   the owner's is what its thread left.
public struct RegisterOwnership: BitwiseCopyable, Sendable {
  /// When states are moved.
  public let policy: RegisterPolicy
  /// The state that the registers hold, or 0: nobody's.
  public private(set) var owner: StateAddress = 0

  /// Makes the ownership of a processor whose registers hold nothing of worth and are closed.
  public init(_ policy: RegisterPolicy) { self.policy = policy }

  /// Whether the registers are open while a thread with this state (0 for none) runs, if states are moved lazily.
  @inline(__always)
  public func areOpen(for state: StateAddress) -> Bool { state != 0 && state == owner }

  /// Another thread runs from now on.
  ///
  /// - Parameters:
  ///   - old: the state of the thread that ran, or 0.
  ///   - new: the state of the thread that runs now, or 0 if it has none.
  public mutating func change(from old: StateAddress, to new: StateAddress) -> RegisterStep {
    switch policy {
    case .lazy:
      // Who finds his own state need not be stopped for it.
      return RegisterStep(isOpen: areOpen(for: new))
    case .eager:
      var step = RegisterStep(isOpen: new != 0)
      // Only the thread that ran can have changed them since they were saved.
      if old != 0, old == owner { step.save = old }
      if new != 0, new != owner {
        step.load = new
        owner = new
      }
      return step
    }
  }

  /// The same as `change`, if it is one state for another by eager moves, the registers being open before and after.
  ///
  /// - Returns: whether it is; then `old` is to be saved and `new` loaded. If not, nothing has changed.
  @inline(__always)
  public mutating func exchange(_ old: StateAddress, for new: StateAddress) -> Bool {
    guard policy == .eager, old != 0, old == owner, new != 0, new != old else { return false }
    owner = new
    return true
  }

  /// The running thread, whose state is `own`, was stopped at closed registers; `nil` if it has no state (0).
  public mutating func use(by own: StateAddress) -> RegisterStep? {
    guard own != 0 else { return nil }
    var step = RegisterStep(isOpen: true)
    if own != owner {
      (step.save, step.load) = (owner, own)
      owner = own
    }
    return step
  }

  /// The memory of `state` is to be read: what the registers hold of it must be there.
  ///
  /// - Parameter own: the running thread's state, or 0.
  public func flush(_ state: StateAddress, own: StateAddress) -> RegisterStep {
    RegisterStep(save: state == owner ? state : 0, isOpen: own != 0 && own == owner)
  }

  /// The memory of `state` was written or is no more: what the registers hold of it is void.
  ///
  /// - Parameter own: the running thread's state, or 0 if it has none any more.
  public mutating func forget(_ state: StateAddress, own: StateAddress) -> RegisterStep {
    if state == owner { owner = 0 }
    return RegisterStep(isOpen: own != 0 && own == owner)
  }

  /// The owner's state was saved and another program's loaded, the registers being open before and after: what `change`
  /// comes to between two threads that both have one, when states are moved eagerly and the first one's is the owner.
  @inline(__always)
  public mutating func handOn(to new: StateAddress) { owner = new }
}
