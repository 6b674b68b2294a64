import ABI
import Testing

@Test func noVerdictLooksLikeAFailureOfTheEmulator() {
  for verdict in Verdict.allCases {
    #expect(verdict.emulatorStatus > 1)
    #expect(verdict.emulatorStatus < 256)
  }
}

@Test func aPassEndsTheEmulatorWith65() {
  #expect(Verdict.passed.emulatorStatus == 65)
}
