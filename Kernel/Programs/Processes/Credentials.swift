/// Whom a process acts for, and what it may become.

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
