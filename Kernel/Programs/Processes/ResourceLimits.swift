/// What a process may have, and who may allow it more.

/// A limit by its number, RLIMIT_...
public enum ResourceLimit {
  /// RLIMIT_CPU, in seconds.
  public static var processorTime: Int { 0 }
  /// RLIMIT_FSIZE, in bytes.
  public static var fileSize: Int { 1 }
  /// RLIMIT_STACK, in bytes.
  public static var stack: Int { 3 }
  /// RLIMIT_CORE, in bytes.
  public static var core: Int { 4 }
  /// RLIMIT_NPROC: threads of a user.
  public static var processes: Int { 6 }
  /// RLIMIT_NOFILE: one past the highest descriptor.
  public static var descriptors: Int { 7 }
  /// RLIMIT_AS, in bytes.
  public static var memory: Int { 9 }
  /// RLIMIT_NICE.
  public static var niceness: Int { 13 }
  /// RLIMIT_RTPRIO.
  public static var priority: Int { 14 }
  /// How many numbers there are.
  public static var count: Int { 16 }
}

/// Limits that a process has for itself.
public struct ResourceLimits: BitwiseCopyable {
  /// Soft and hard limit of each; `UInt64.max` for none.
  public var soft: InlineArray<16, UInt64> = .init(repeating: .max)
  /// What the soft limit may be raised to.
  public var hard: InlineArray<16, UInt64> = .init(repeating: .max)

  /// The most descriptors that a table has room for.
  public static var mostDescriptors: UInt64 { 1024 }

  /// The limits of the first process.
  public init() {
    soft[ResourceLimit.stack] = 8 << 20  // which it can grow to
    soft[ResourceLimit.core] = 0  // none is dumped
    soft[ResourceLimit.descriptors] = Self.mostDescriptors
    hard[ResourceLimit.descriptors] = Self.mostDescriptors
    for limit in ResourceLimit.niceness...ResourceLimit.priority { (soft[limit], hard[limit]) = (0, 0) }
  }

  /// Changes a limit, as `setrlimit` does.
  ///
  /// - Throws: `.badNumber` for a number that none has, or a soft limit above the hard one; `.notPermitted` if the hard
  ///   limit would rise and the caller is not the superuser, or for more descriptors than a table has room for.
  @export(interface)
  public mutating func set(
    _ number: UInt, soft: UInt64, hard: UInt64, isSuperuser: Bool
  ) throws(ProcessError) {
    guard number < ResourceLimit.count, soft <= hard else { throw .badNumber }
    let index = Int(number)
    guard hard <= self.hard[index] || isSuperuser else { throw .notPermitted }
    if index == ResourceLimit.descriptors, hard > Self.mostDescriptors { throw .notPermitted }
    self.soft[index] = soft
    self.hard[index] = hard
  }
}
