import ABI
import Launch
import Testing

@Test(arguments: [
  (
    RunEvidence(termination: .exited(65), record: .init(verdict: .passed, status: 0)),
    Outcome.passed(status: 0)
  ),
  (RunEvidence(termination: .exited(65), record: .init(verdict: .passed, status: 7)), .passed(status: 7)),
  (RunEvidence(termination: .exited(67), record: .init(verdict: .failed, status: 2)), .failed(status: 2)),
  (RunEvidence(termination: .exited(69), record: .init(verdict: .panic, status: 1)), .panic),
  (RunEvidence(termination: .exited(65)), .passed(status: 0)),
  (RunEvidence(termination: .exited(67)), .failed(status: 1)),
  (RunEvidence(termination: .exited(69)), .panic),
  (RunEvidence(termination: .exited(0), shutdownReasons: ["guest-reset"]), .tripleFault),
  (RunEvidence(termination: .exited(0), intervention: .timeout(seconds: 5)), .timeout(seconds: 5)),
  (RunEvidence(termination: .signalled(9), intervention: .timeout(seconds: 5)), .timeout(seconds: 5)),
  (RunEvidence(intervention: .hang("why")), .hang("why")),
  (RunEvidence(intervention: .interruption), .interrupted),
  (RunEvidence(termination: .exited(1), complaints: "no such CPU"), .emulatorRefused("no such CPU")),
  // The guest had said everything before it failed to end the emulator.
  (
    RunEvidence(intervention: .timeout(seconds: 5), record: .init(verdict: .panic, status: 1)), .panic
  ),
  // Bochs has no status of the guest's making.
  (
    RunEvidence(
      statusCarriesVerdict: false, termination: .exited(1), record: .init(verdict: .passed, status: 3)),
    .passed(status: 3)
  ),
  (RunEvidence(statusCarriesVerdict: false, shutdownReasons: ["triple-fault"]), .tripleFault),
]) func theOutcomeFollowsFromTheEvidence(evidence: RunEvidence, outcome: Outcome) {
  #expect(evidence.outcome == outcome)
}

@Test func anEndWithoutAWordIsNeverAPass() {
  for evidence in [
    RunEvidence(termination: .exited(0)), RunEvidence(termination: .exited(1)),
    RunEvidence(termination: .signalled(11)),
    RunEvidence(termination: .exited(0), shutdownReasons: ["guest-shutdown"]),
    RunEvidence(termination: .exited(71)),
    RunEvidence(statusCarriesVerdict: false, termination: .exited(65)),
    RunEvidence(termination: .exited(67), record: .init(verdict: .passed, status: 0)),
    RunEvidence(termination: .exited(0), record: .init(verdict: .passed, status: 0)),
  ] {
    guard case .unknown = evidence.outcome else {
      Issue.record("\(evidence) was taken for \(evidence.outcome)")
      continue
    }
  }
}

@Test func everyOutcomeHasAStatusAndASentenceOfItsOwn() {
  let outcomes: [Outcome] = [
    .passed(status: 0), .failed(status: 1), .panic, .tripleFault, .hang("x"), .timeout(seconds: 1),
    .interrupted,
    .emulatorMissing("x"), .emulatorRefused("x"), .unknown("x"),
  ]
  #expect(Set(outcomes.map(\.exitStatus)).count == outcomes.count)
  #expect(Set(outcomes.map(\.sentence)).count == outcomes.count)
  #expect(outcomes.filter(\.isSuccess) == [.passed(status: 0)])
}

@Test(arguments: [
  ("@apus-exit passed 0\n", VerdictRecord(verdict: .passed, status: 0)),
  ("log\n@apus-exit failed 3\n@apus-exit panic 1\r\n", VerdictRecord(verdict: .panic, status: 1)),
  ("half a line@apus-exit passed 255", VerdictRecord(verdict: .passed, status: 255)),
  ("\u{1B}[2J@apus-exit passed 4\u{1B}[1;1H", VerdictRecord(verdict: .passed, status: 4)),
  ("@apus-exit splendid 0\n", nil), ("@apus-exit passed\n", nil), ("@apus-exit passed x\n", nil), ("", nil),
  ("@apus-exit passed 0 0\n", nil), ("@apus-exit passed 99999999999\n", nil),
]) func recordsAreReadFromTheDebugPort(text: String, record: VerdictRecord?) {
  #expect(VerdictRecord(in: text) == record)
}
