import Foundation
import SpeedupModel
import Testing

@testable import DelayTracer

#if os(Linux)
  /// Programs under delay must do what they do without it, and every chosen call must be counted.
  ///
  /// No time is checked: the machine may be busy.
  @Suite(.serialized) struct DelayRunTests {
    /// The synthetic program, which the build leaves beside the tests.
    private static let synthetic = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "predict-synthetic").path

    private func shell(_ script: String, _ calls: [String], delegates: Int = 1) throws -> DelayOutcome {
      try DelayRun(["sh", "-c", script], calls: calls, spinSeconds: 1e-6, delegates: delegates).run()
    }

    @Test func everyChosenCallIsCounted() throws {
      for delegates in [1, 3] {
        let run = DelayRun(
          [Self.synthetic, "--trials", "1000", "--writes", "500"], calls: ["getppid", "umask", "write"],
          delegates: delegates)
        let outcome = try run.run()
        #expect(outcome.status == 0)
        #expect(outcome.delayed["getppid"] == 200 && outcome.delayed["umask"] == 60)
        #expect(outcome.delayed["write"] == 500)
        #expect(outcome.busySeconds > 0)
      }
    }

    @Test func threadsAreCountedTogether() throws {
      let run = DelayRun(
        [Self.synthetic, "--trials", "1000", "--writes", "100", "--threads", "4"],
        calls: ["getppid", "write"],
        delegates: 2)
      let outcome = try run.run()
      #expect(outcome.status == 0)
      #expect(outcome.delayed["getppid"] == 800 && outcome.delayed["write"] == 400)
    }

    @Test func signalsArriveAndHandlersReturn() throws {
      let script = "n=0; trap 'n=$((n+1))' USR1; for i in 1 2 3 4 5; do kill -USR1 $$; done; exit $n"
      let outcome = try shell(script, ["kill", "rt_sigreturn", "rt_sigaction", "rt_sigprocmask", "write"])
      #expect(outcome.status == 5)
      #expect((outcome.delayed["kill"] ?? 0) >= 5)
    }

    @Test func childrenInheritTheDelay() throws {
      let outcome = try shell(
        "(exit 3); a=$?; true | false; exit $a", ["clone", "vfork", "wait4", "execve", "pipe2"])
      #expect(outcome.status == 3)
      #expect((outcome.delayed["wait4"] ?? 0) >= 1)
    }

    @Test func deathBySignalIsReported() throws {
      #expect(try shell("kill -TERM $$", ["kill"]).status == 128 + 15)
    }

    @Test func everyCallAtOnceSurvives() throws {
      let all = SystemCallNames.current.numbers.keys.sorted()
      let outcome = try DelayRun(["sh", "-c", "exit 7"], calls: all).run()
      #expect(outcome.status == 7)
      #expect(outcome.delayedCount > 10)
    }

    @Test func withoutCallsNothingIsIntercepted() throws {
      let outcome = try shell("exit 4", [])
      #expect(outcome.status == 4 && outcome.delayedCount == 0)
    }

    @Test func missingProgramsAreNamed() {
      let error = #expect(throws: InputError.self) { try DelayRun(["no-such-program"]).run() }
      #expect(error?.found == "\"no-such-program\"")
    }
  }
#endif
