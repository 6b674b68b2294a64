import ABI

/// How a run ended, told apart as finely as a user needs to know what to do next.
public enum Outcome: Hashable, Sendable {
  /// The guest said that it is done, with this status.
  case passed(status: Int32)
  /// The guest said that a test or a start-up check failed.
  case failed(status: Int32)
  /// The guest broke one of its own invariants and reported it.
  case panic
  /// The guest could not even handle a double fault: the processor gave up and reset.
  case tripleFault
  /// The guest makes no progress and never will; the reason is in words.
  case hang(String)
  /// The guest was still running when its time, in seconds, was over.
  case timeout(seconds: Double)
  /// The user, or a signal to this tool, ended the run.
  case interrupted
  /// The emulator is not installed.
  case emulatorMissing(String)
  /// The emulator did not accept its arguments, or could not start; what it said.
  case emulatorRefused(String)
  /// The emulator ended in a way that none of the above explains.
  case unknown(String)

  /// The status with which `apus run` ends.
  ///
  /// A pass ends with the guest's own status. The others use what shells and `timeout` use where there is such a
  /// custom (124, 126, 127, 130), and 120 to 125 otherwise.
  public var exitStatus: Int32 {
    switch self {
    case .passed(let status): status
    case .failed: 120
    case .panic: 121
    case .tripleFault: 122
    case .hang: 123
    case .timeout: 124
    case .unknown: 125
    case .emulatorRefused: 126
    case .emulatorMissing: 127
    case .interrupted: 130
    }
  }

  /// One sentence for the user.
  public var sentence: String {
    switch self {
    case .passed(0): "passed: the guest finished with status 0"
    case .passed(let status): "passed: the guest finished with its own status \(status)"
    case .failed(let status): "failed: the guest reports a failed check (status \(status))"
    case .panic: "panic: the kernel stopped itself; its report is above"
    case .tripleFault:
      "triple fault: the processor met a fault while it started the handler of a double fault, and reset"
    case .hang(let reason): "hang: \(reason)"
    case .timeout(let seconds): "time-out: the guest was still running after \(Self.text(seconds)) s"
    case .interrupted: "interrupted: the run was ended from outside"
    case .emulatorMissing(let program):
      "emulator missing: \(program) is not installed; `Tools/setup` installs it"
    case .emulatorRefused(let said): "emulator refused: \(said)"
    case .unknown(let what): "unknown end: \(what)"
    }
  }

  /// Whether the guest passed with status 0.
  public var isSuccess: Bool { self == .passed(status: 0) }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
  }
}
