/// What Bochs writes to its log when a guest cannot go on.
public struct BochsLog: Sendable {
  private let text: String

  /// A log, or as much of it as there is.
  public init(_ text: String) { self.text = text }

  /// Why the guest will never go on, if the log says so.
  public var deadEnd: RunEvidence.Intervention? {
    text.contains("HLT instruction with IF=0") ? .hang("the processor halts with interrupts off") : nil
  }

  /// Whether the processor gave up on an exception.
  public var showsTripleFault: Bool {
    text.contains("3rd (") && text.contains("exception with no resolution")
  }

  /// Adds what the log shows to the evidence of a run.
  public func complete(_ evidence: inout RunEvidence) {
    if showsTripleFault { evidence.shutdownReasons.append("triple-fault") }
    if evidence.shutdownReasons.isEmpty, text.contains("PANIC"), evidence.complaints.isEmpty {
      evidence.complaints =
        text.split(separator: "\n").first { $0.contains("PANIC") || $0.contains("p[") }
        .map(String.init) ?? ""
    }
  }
}
