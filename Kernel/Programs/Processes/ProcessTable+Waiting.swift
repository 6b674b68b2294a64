/// Waiting for children: which are meant, and what a parent is told.

/// Which children a wait is about.
public enum WaitTarget: BitwiseCopyable, Hashable, Sendable {
  case any
  case process(Int32)
  case group(Int32)

  /// The meaning of the first argument of `wait4`.
  public init(argument: Int32, callersGroup: Int32) {
    self =
      switch argument {
      case ..<(-1): .group(argument == .min ? .max : -argument)
      case -1: .any
      case 0: .group(callersGroup)
      default: .process(argument)
      }
  }
}

/// What a wait is told besides ends.
public struct WaitOptions: OptionSet, BitwiseCopyable, Hashable, Sendable {
  /// The bits as a program gives them.
  public let rawValue: UInt32
  /// Makes a set of its bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// WNOHANG.
  public static let noHang = WaitOptions(rawValue: 1)
  /// WUNTRACED, WSTOPPED.
  public static let stopped = WaitOptions(rawValue: 2)
  /// WEXITED; `wait4` always means it.
  public static let exited = WaitOptions(rawValue: 4)
  /// WCONTINUED.
  public static let continued = WaitOptions(rawValue: 8)
  /// WNOWAIT: leave what is told to be told again.
  public static let keep = WaitOptions(rawValue: 0x0100_0000)
}

/// What a wait has found.
public struct WaitReport: BitwiseCopyable, Hashable, Sendable {
  /// The child.
  public var number: Int32
  /// What became of it.
  public var status: ExitStatus
  /// The processor time of it and its children, in ticks.
  public var ticks: UInt64
  /// Its payload, if the child is no more now, else 0.
  public var payload: UInt
  /// Whether the child is no more.
  public var isGone: Bool
}

extension ProcessTable {
  /// Looks for a child that has something to tell.
  ///
  /// - Returns: the report, or `nil` if there are children but none has anything to tell yet.
  /// - Throws: `.noChild`.
  @export(interface)
  public mutating func wait(
    by number: Int32, for target: WaitTarget, _ options: WaitOptions
  ) throws(ProcessError) -> WaitReport? {
    let parent = try process(number)
    var hasCandidate = false
    var child = self[parent].firstChild
    while child >= 0 {
      let entry = self[child]
      if matches(entry, target) {
        hasCandidate = true
        if let report = report(of: child, to: parent, options) { return report }
      }
      child = entry.next
    }
    if !hasCandidate { throw .noChild }
    return nil
  }

  private func matches(_ entry: ProcessEntry, _ target: WaitTarget) -> Bool {
    switch target {
    case .any: true
    case .process(let number): entry.number == number
    case .group(let group): entry.group == group
    }
  }

  private mutating func report(of child: Int16, to parent: Int16, _ options: WaitOptions) -> WaitReport? {
    let entry = self[child]
    var report = WaitReport(
      number: entry.number, status: entry.status, ticks: entry.ownTicks &+ entry.childTicks, payload: 0,
      isGone: false)
    if entry.isZombie, options.contains(.exited) {
      guard !options.contains(.keep) else { return report }
      self[parent].childTicks &+= report.ticks
      leaveParent(child)
      free(child)
      report.isGone = true
      return report
    }
    if entry.stopReport, options.contains(.stopped) {
      if !options.contains(.keep) { self[child].stopReport = false }
      return report
    }
    if entry.continueReport, options.contains(.continued) {
      if !options.contains(.keep) { self[child].continueReport = false }
      report.status = .continued
      return report
    }
    return nil
  }

  /// The processor time of the children that a process has waited for.
  public func childTicks(of number: Int32) -> UInt64 {
    guard let index = index(of: number) else { return 0 }
    return self[index].childTicks
  }
}
