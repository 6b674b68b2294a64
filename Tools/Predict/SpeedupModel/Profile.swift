// What a program does, as the models see it: how long it computes, and how long it spends in which system call.

/// All invocations of one system call during one run.
public struct CallRecord: Sendable, Equatable {
  /// The kernel's name of the call, such as `pread64`.
  public var name: String
  /// n(s): how often it was invoked; not negative.
  public var count: Int
  /// g(s): seconds all invocations took on the general-purpose system; not negative.
  public var seconds: Double
  /// g'(s): seconds all invocations would take in the light kernel; `nil` when unknown.
  public var localSeconds: Double?
  /// Bytes that cross between the systems when the call is forwarded, over all invocations; 0 when unknown.
  public var bytes: Double

  /// A record of one call.
  public init(_ name: String, count: Int, seconds: Double, localSeconds: Double? = nil, bytes: Double = 0) {
    self.name = name
    self.count = count
    self.seconds = seconds
    self.localSeconds = localSeconds
    self.bytes = bytes
  }
}

/// One run of a program on a general-purpose system.
///
/// - Invariant: calls have distinct names and stand in order of name; no number is negative or not finite, and all
///   invocations together can be counted. `init` checks it, so models need not.
public struct Profile: Sendable, Equatable {
  /// The most invocations of all calls: whole numbers up to here are exact as `Double`.
  public static let mostInvocations = 1 << 53
  /// The longest time, some 30,000 years: seconds.
  public static let mostSeconds = 1e12

  /// The command or a name for it.
  public let program: String
  /// Where the numbers come from, such as `strace -c`.
  public let source: String
  /// C: seconds spent outside system calls.
  public let computationSeconds: Double
  /// Seconds of processor time in user mode, if known.
  public let userSeconds: Double?
  /// Seconds of processor time in the kernel, if known.
  public let systemSeconds: Double?
  /// Seconds from start to end, if known.
  public let wallSeconds: Double?
  /// Threads that made calls; at least 1.
  public let threads: Int
  /// 𝕊: the calls, by name.
  public let calls: [CallRecord]
  /// What a reader should know about how the numbers were made.
  public let notes: [String]

  /// Checks and sorts; errors name `place`.
  public init(
    program: String, source: String, computationSeconds: Double, userSeconds: Double? = nil,
    systemSeconds: Double? = nil, wallSeconds: Double? = nil, threads: Int = 1, calls: [CallRecord],
    notes: [String] = [], place: String = "profile"
  ) throws(InputError) {
    func check(_ value: Double?, _ name: String) throws(InputError) {
      guard let value else { return }
      guard value.isFinite, value >= 0, value <= Self.mostSeconds else {
        throw InputError(place, found: "\(name) = \(value)", allowed: "0 to 1e12")
      }
    }
    try check(computationSeconds, "computationSeconds")
    try check(userSeconds, "userSeconds")
    try check(systemSeconds, "systemSeconds")
    try check(wallSeconds, "wallSeconds")
    guard threads >= 1 else { throw InputError(place, found: "threads = \(threads)", allowed: "1 or more") }
    var names: Set<String> = []
    var invocations = 0
    for call in calls {
      guard !call.name.isEmpty else {
        throw InputError(place, found: "a call without name", allowed: "a name")
      }
      guard names.insert(call.name).inserted else {
        throw InputError(place, found: "two records of \(call.name)", allowed: "one record for each call")
      }
      guard call.count >= 0, call.count <= Self.mostInvocations - invocations else {
        throw InputError(
          place, found: "\(call.name): count = \(call.count)", allowed: "0 to 2^53, all calls together")
      }
      invocations += call.count
      try check(call.seconds, "\(call.name): seconds")
      try check(call.localSeconds, "\(call.name): localSeconds")
      guard call.bytes.isFinite, call.bytes >= 0, call.bytes <= 1e18 else {
        throw InputError(place, found: "\(call.name): bytes = \(call.bytes)", allowed: "0 to 1e18")
      }
    }
    self.program = program
    self.source = source
    self.computationSeconds = computationSeconds
    self.userSeconds = userSeconds
    self.systemSeconds = systemSeconds
    self.wallSeconds = wallSeconds
    self.threads = threads
    self.calls = calls.sorted { $0.name < $1.name }
    self.notes = notes
  }

  /// Σ g(s): seconds in system calls.
  public var callSeconds: Double { calls.reduce(0) { $0 + $1.seconds } }

  /// t_nd = C + Σ g(s): seconds without delegation, equation 4 of the paper.
  public var totalSeconds: Double { computationSeconds + callSeconds }

  /// Σ n(s): invocations of all calls.
  public var callCount: Int { calls.reduce(0) { $0 + $1.count } }

  /// p: the part of the run spent in system calls; 0 for an empty profile.
  public var systemShare: Double { totalSeconds > 0 ? callSeconds / totalSeconds : 0 }

  /// p as `time` shows it, system over user and system time: an overestimate, for interrupts and faults
  /// count.
  public var timedShare: Double? {
    guard let userSeconds, let systemSeconds, userSeconds + systemSeconds > 0 else { return nil }
    return systemSeconds / (userSeconds + systemSeconds)
  }
}
