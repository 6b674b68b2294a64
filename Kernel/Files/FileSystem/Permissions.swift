/// Who may do what with a file, by its mode bits (POSIX.1-2024 base definitions, 4.7).

import FileSystemFormat

/// Who asks.
public struct Credentials: BitwiseCopyable, Sendable {
  /// The user number that files are accessed with; 0 is the superuser.
  public var user: UInt32
  /// The group number that files are accessed with.
  public var group: UInt32
  /// Further groups; only the first `groupCount` count.
  private var groups = InlineArray<32, UInt32>(repeating: 0)
  /// The number of further groups.
  public private(set) var groupCount = 0

  /// The most further groups, as in NFS and older Unix; Linux allows more, and few systems need them.
  public static let maximumGroupCount = 32

  /// Makes credentials without further groups.
  public init(user: UInt32, group: UInt32) {
    self.user = user
    self.group = group
  }

  /// Sets the further groups; returns whether they fit.
  public mutating func setGroups(_ numbers: Span<UInt32>) -> Bool {
    guard numbers.count <= Self.maximumGroupCount else { return false }
    for index in numbers.indices { groups[index] = numbers[index] }
    groupCount = numbers.count
    return true
  }

  /// Further group `index`, which must be below `groupCount`.
  public func furtherGroup(_ index: Int) -> UInt32 {
    precondition(index < groupCount, "a group was read that is not there")
    return groups[index]
  }

  /// Whether `number` is the group or one of the further groups.
  public func isMember(of number: UInt32) -> Bool {
    if number == group { return true }
    for index in 0..<groupCount where groups[index] == number { return true }
    return false
  }
}

/// What somebody wants to do with a file, in the bits of one of its mode's three digits.
public struct FileAccess: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The bits: 4 read, 2 write, 1 execute or search.
  public let rawValue: UInt16

  /// Makes a set of its bits.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Read the file or list the directory.
  public static let read = FileAccess(rawValue: 4)
  /// Write the file or change the directory's entries.
  public static let write = FileAccess(rawValue: 2)
  /// Execute the file or pass through the directory.
  public static let execute = FileAccess(rawValue: 1)
}

extension FileStatus {
  /// Whether `credentials` may do all of `access`.
  ///
  /// Only the one digit counts that is the caller's. The superuser may do everything, except execute a file
  /// that nobody may.
  public func permits(_ access: FileAccess, to credentials: Credentials) -> Bool {
    let bits = mode.permissions
    if credentials.user == 0 {
      return !access.contains(.execute) || kind == .directory || bits & 0o111 != 0
    }
    let digit: UInt16
    if credentials.user == owner {
      digit = bits >> 6
    } else if credentials.isMember(of: group) {
      digit = bits >> 3
    } else {
      digit = bits
    }
    return digit & access.rawValue == access.rawValue
  }

  /// Whether `credentials` may remove or rename `file` out of this directory, which they may write: in a sticky
  /// directory only the owner of either.
  public func permitsRemoval(of file: FileStatus, by credentials: Credentials) -> Bool {
    !mode.isSticky || credentials.user == 0 || credentials.user == owner || credentials.user == file.owner
  }
}
