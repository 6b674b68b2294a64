import HostSupport
import ImageBuilder
import Launch
import Testing

/// Each way in which a run can end, by a kernel that ends in just this way.
extension EmulatorTests {
  @Suite struct RunnerOutcomes {
    @Test func aPassBringsItsStatus() async throws {
      try await withFixture("passes") { file in
        try await run(.fixture(file), expecting: .passes(status: 7, "ready\n"))
      }
    }

    @Test func aFailedCheckIsTold() async throws {
      try await withFixture("fails") { file in
        try await run(.fixture(file), expecting: .fails("a check says no"))
      }
    }

    @Test func aPanicIsTold() async throws {
      try await withFixture("panics") { file in
        try await run(.fixture(file), expecting: .panics("panic: invariant broken", "  #0 0x00100020"))
      }
    }

    @Test func theStatusAloneIsAVerdictToo() async throws {
      try await withFixture("verdict-without-record") { file in
        try await run(.fixture(file), expecting: .passes())
      }
    }

    @Test func aContradictionIsNoPass() async throws {
      try await withFixture("contradicts-itself") { file in
        let report = try await run(.fixture(file), expecting: .any)
        guard case .unknown(let what) = report.outcome else {
          Issue.record("taken for \(report.outcome)")
          return
        }
        #expect(what.contains("passed 0") && what.contains("67"))
      }
    }

    @Test func aTripleFaultIsNoPass() async throws {
      try await withFixture("triple-faults") { file in
        let machine = GuestMachine.fixture(file)
        try await run(machine, expecting: .tripleFaults("last words"))
        let log = try await Turnstile.emulators.pass { try await Launcher(machine).exceptions(timeout: 60) }
        #expect(log.showsTripleFault)
        // The undefined instruction, the missing gate for it, and the missing gate for the double fault.
        #expect(log.last(3).map(\.vector) == [6, 13, 8])
      }
    }

    @Test func haltingWithoutInterruptsIsAHang() async throws {
      try await withFixture("halts") { file in
        try await run(.fixture(file), expecting: .hangs("going to sleep"))
      }
    }

    @Test func aShortUninterruptibleLoopIsAHang() async throws {
      try await withFixture("spins-uninterruptible") { file in
        try await run(.fixture(file), hangPatience: 1, expecting: .hangs("waiting"))
      }
    }

    @Test func anIdleGuestRunsIntoItsTimeLimit() async throws {
      try await withFixture("idles") { file in
        try await run(.fixture(file), timeout: 3, expecting: .timesOut("idle"))
      }
    }

    @Test func powerOffWithoutAVerdictIsUnknown() async throws {
      try await withFixture("powers-off") { file in
        let report = try await run(.fixture(file), expecting: .any)
        #expect(report.outcome == .unknown("the machine went down (guest-shutdown) without a verdict"))
      }
    }

    @Test func inputComesBackAndItsEndEndsTheRun() async throws {
      try await withFixture("echoes") { file in
        // Longer than the sixteen bytes that the serial port holds.
        let text = String(repeating: "the quick brown fox ", count: 20)
        try await run(.fixture(file), input: text, expecting: .passes("listening\n", text, "bye\n"))
      }
    }

    @Test func argumentsThatQEMURefusesAreTold() async throws {
      try await withFixture("passes") { file in
        var machine = GuestMachine.fixture(file)
        machine.processor = "abacus"
        let report = try await run(machine, expecting: .any)
        guard case .emulatorRefused(let said) = report.outcome else {
          Issue.record("taken for \(report.outcome)")
          return
        }
        #expect(said.contains("abacus"))
      }
    }

    @Test func aKernelThatIsNotThereIsTold() async throws {
      let report = try await run(.fixture("/nowhere/kernel"), expecting: .any)
      guard case .emulatorRefused = report.outcome else {
        Issue.record("taken for \(report.outcome)")
        return
      }
    }
  }
}

extension Expectation {
  /// Whatever happens; the test looks for itself.
  static let any = Expectation(accepts: { _ in true }, name: "anything", serial: [])
}
