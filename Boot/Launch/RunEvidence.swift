import ABI

/// Everything that was seen of a run, from which its outcome follows.
public struct RunEvidence: Equatable, Sendable {
  /// How the emulator's process ended.
  public enum Termination: Equatable, Sendable {
    /// By itself, with this status.
    case exited(Int32)
    /// By this signal.
    case signalled(Int32)
  }

  /// Why the launcher ended the emulator, if it did.
  public enum Intervention: Equatable, Sendable {
    /// The time limit, in seconds, was over.
    case timeout(seconds: Double)
    /// The guest will never go on; why.
    case hang(String)
    /// The user or a signal asked for it.
    case interruption
  }

  /// Whether the emulator has `isa-debug-exit`, so that its status carries the verdict too.
  public var statusCarriesVerdict: Bool
  /// How the emulator ended.
  public var termination: Termination
  /// Whether the launcher ended it.
  public var intervention: Intervention?
  /// What the guest said last on the debug port.
  public var record: VerdictRecord?
  /// Why the emulator says the machine went down: QEMU's `reason` of SHUTDOWN and RESET events, in order.
  public var shutdownReasons: [String]
  /// What the emulator itself wrote: complaints about its arguments.
  public var complaints: String

  /// Evidence of a run; by default that of a guest that vanished without a word.
  public init(
    statusCarriesVerdict: Bool = true, termination: Termination = .exited(0),
    intervention: Intervention? = nil,
    record: VerdictRecord? = nil, shutdownReasons: [String] = [], complaints: String = ""
  ) {
    self.statusCarriesVerdict = statusCarriesVerdict
    self.termination = termination
    self.intervention = intervention
    self.record = record
    self.shutdownReasons = shutdownReasons
    self.complaints = complaints
  }

  /// The outcome that the evidence supports.
  ///
  /// The guest's own word comes first, unless the emulator's status contradicts it; then why the launcher stepped in;
  /// then what the emulator says. Status 0 of QEMU alone proves nothing: a triple fault gives it too.
  public var outcome: Outcome {
    let statusVerdict = statusCarriesVerdict ? verdictOfStatus : nil
    if let record {
      if statusCarriesVerdict, intervention == nil, termination != .exited(record.verdict.emulatorStatus) {
        return .unknown(
          "the guest's record says \(record.verdict.name) \(record.status), but the emulator \(terminationText)"
        )
      }
      return Self.outcome(of: record.verdict, status: record.status)
    }
    switch intervention {
    case .timeout(let seconds): return .timeout(seconds: seconds)
    case .hang(let reason): return .hang(reason)
    case .interruption: return .interrupted
    case nil: break
    }
    if let statusVerdict { return Self.outcome(of: statusVerdict, status: statusVerdict == .passed ? 0 : 1) }
    if shutdownReasons.contains("guest-reset") { return .tripleFault }
    if shutdownReasons.contains("triple-fault") { return .tripleFault }
    if case .exited(let status) = termination, status != 0, !complaints.isEmpty {
      return .emulatorRefused(complaints)
    }
    if let reason = shutdownReasons.last {
      return .unknown("the machine went down (\(reason)) without a verdict")
    }
    return .unknown(
      "the emulator \(terminationText) without a verdict of the guest\(complaints.isEmpty ? "" : ": \(complaints)")"
    )
  }

  private var verdictOfStatus: Verdict? {
    Verdict.allCases.first { termination == .exited($0.emulatorStatus) }
  }

  private var terminationText: String {
    switch termination {
    case .exited(let status): "ended with status \(status)"
    case .signalled(let signal): "was ended by signal \(signal)"
    }
  }

  private static func outcome(of verdict: Verdict, status: Int32) -> Outcome {
    switch verdict {
    case .passed: .passed(status: status)
    case .failed: .failed(status: status)
    case .panic: .panic
    }
  }
}
