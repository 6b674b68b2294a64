/// What is remembered of a process or of one of its further threads: who it is, not what it has.

/// How a process ended, or what else its parent is told, in the form of `wait4`.
public struct ExitStatus: BitwiseCopyable, Hashable, Sendable {
  /// The number that a program sees.
  public let rawValue: Int32

  /// Makes a status of its number.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The program ended by itself.
  public static func exited(_ code: Int32) -> Self { Self(rawValue: (code & 0xFF) << 8) }
  /// A signal ended it.
  public static func killed(by signal: Int32) -> Self { Self(rawValue: signal & 0x7F) }
  /// A signal stopped it.
  public static func stopped(by signal: Int32) -> Self { Self(rawValue: signal << 8 | 0x7F) }
  /// It goes on after a stop.
  public static var continued: Self { Self(rawValue: 0xFFFF) }

  /// The number that it ended itself with, or `nil` if a signal ended it.
  public var code: Int32? { rawValue & 0x7F == 0 ? rawValue >> 8 & 0xFF : nil }
  /// The signal that ended it, or `nil`.
  public var signal: Int32? {
    let low = rawValue & 0x7F
    return low != 0 && low != 0x7F ? low : nil
  }
}

/// Who a process acts for: real, effective and saved numbers.
public struct Credentials: BitwiseCopyable, Hashable, Sendable {
  /// The users.
  public var user, effectiveUser, savedUser: UInt32
  /// The groups.
  public var group, effectiveGroup, savedGroup: UInt32

  /// The superuser.
  public static let superuser = Credentials(user: 0, group: 0)

  /// Somebody.
  public init(user: UInt32, group: UInt32) {
    (self.user, effectiveUser, savedUser) = (user, user, user)
    (self.group, effectiveGroup, savedGroup) = (group, group, group)
  }

  /// Whether every right is given.
  @inline(__always)
  public var isSuperuser: Bool { effectiveUser == 0 }

  /// Whether a process with these may send signals to one with the others.
  public func maySignal(_ other: Credentials) -> Bool {
    isSuperuser || user == other.user || user == other.savedUser || effectiveUser == other.user
      || effectiveUser == other.savedUser
  }

  /// `setuid`: all three for the superuser, else the effective one to one of the others.
  public mutating func setUser(_ new: UInt32) -> Bool {
    if isSuperuser {
      (user, effectiveUser, savedUser) = (new, new, new)
      return true
    }
    guard new == user || new == savedUser else { return false }
    effectiveUser = new
    return true
  }

  /// `setgid`.
  public mutating func setGroup(_ new: UInt32) -> Bool {
    if isSuperuser {
      (group, effectiveGroup, savedGroup) = (new, new, new)
      return true
    }
    guard new == group || new == savedGroup else { return false }
    effectiveGroup = new
    return true
  }

  /// `setresuid`: each number that is not `UInt32.max` must be one of the three, unless the superuser asks.
  public mutating func setUsers(_ real: UInt32, _ effective: UInt32, _ saved: UInt32) -> Bool {
    guard mayTakeUser(real), mayTakeUser(effective), mayTakeUser(saved) else { return false }
    if real != .max { user = real }
    if effective != .max { effectiveUser = effective }
    if saved != .max { savedUser = saved }
    return true
  }

  /// `setresgid`.
  public mutating func setGroups(_ real: UInt32, _ effective: UInt32, _ saved: UInt32) -> Bool {
    guard mayTakeGroup(real), mayTakeGroup(effective), mayTakeGroup(saved) else { return false }
    if real != .max { group = real }
    if effective != .max { effectiveGroup = effective }
    if saved != .max { savedGroup = saved }
    return true
  }

  private func mayTakeUser(_ new: UInt32) -> Bool {
    isSuperuser || new == .max || new == user || new == effectiveUser || new == savedUser
  }

  private func mayTakeGroup(_ new: UInt32) -> Bool {
    isSuperuser || new == .max || new == group || new == effectiveGroup || new == savedGroup
  }
}

/// An entry of the table: a process, or one of its threads but the first.
///
/// - Invariant: `parent`, `firstChild`, `next` and `previous` are indices of entries, or -1. Children of a process are
///   in its list, zombies too; threads are in no list. A free entry has the number 0.
struct ProcessEntry: BitwiseCopyable {
  /// The number by which programs name it, 1 to `ProcessTable.largestNumber`.
  var number: Int32 = 0
  /// The process that a thread belongs to; its own number for a process.
  var leader: Int32 = 0
  /// The process group and the session.
  var group: Int32 = 0
  var session: Int32 = 0
  var parent: Int16 = -1
  var firstChild: Int16 = -1
  var next: Int16 = -1
  var previous: Int16 = -1
  /// Whether it has ended and waits for its parent.
  var isZombie = false
  /// Whether a stop, or the end of one, has not been told to the parent.
  var stopReport = false
  var continueReport = false
  var isStopped = false
  /// Whether it has run another program since it was made: its parent may no longer choose its group.
  var hasExecuted = false
  /// Whether its parent is the first process only because its own has ended.
  var isAdopted = false
  /// The signal that its parent gets at its end, 0 for none.
  var exitSignal: Int32 = 17
  /// How it ended or stopped.
  var status = ExitStatus(rawValue: 0)
  /// Processor time in ticks of itself and of its children that were waited for.
  var ownTicks: UInt64 = 0
  var childTicks: UInt64 = 0
  /// A word for the owner of the table: where it keeps the rest.
  var payload: UInt = 0
}
