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
      // bash: its handler of SIGCHLD restarts calls. dash's does not, and its fork may then fail while it is delayed.
      let script = "(exit 3); a=$?; true | false; exit $a"
      let outcome = try DelayRun(
        ["bash", "-c", script], calls: ["clone", "vfork", "wait4", "execve", "pipe2"], spinSeconds: 1e-6
      ).run()
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

    @Test(arguments: ["no-such-program", "/does/not/exist", "/", "/etc/passwd"])
    func programsThatCannotRunAreNamed(name: String) {
      let error = #expect(throws: InputError.self) { try DelayRun([name]).run() }
      #expect(error?.place == "command" && error?.found.hasPrefix("\"\(name)\"") == true)
    }

    /// Executable, but nothing that a kernel or a shell takes: only exec itself notices.
    @Test(arguments: [[], ["execve"], ["getppid"]])
    func programsThatTheKernelRefusesAreNamed(calls: [String]) throws {
      let file = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)").path
      try "#!/does/not/exist\n".write(toFile: file, atomically: true, encoding: .utf8)
      defer { try? FileManager.default.removeItem(atPath: file) }
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
      let error = #expect(throws: InputError.self) { try DelayRun([file], calls: calls).run() }
      #expect(error?.place == file && error?.found == "No such file or directory")
    }

    @Test func callsThatNoKernelHasAreRefused() {
      let error = #expect(throws: InputError.self) { try DelayRun(["true"], calls: ["reed"]).run() }
      #expect(error?.place == "policy")
    }

    @Test(arguments: [2, 4, 5, 64]) func moreDelegatesThanCallsDoNotMatter(delegates: Int) throws {
      let outcome = try shell("umask; exit 2", ["umask"], delegates: delegates)
      #expect(outcome.status == 2 && outcome.delayed["umask"] == 2)
    }

    @Test(arguments: [1, 3]) func thousandsOfChildrenAreCounted(delegates: Int) throws {
      let program = try TestProgram(TestProgram.manyChildren)
      let outcome = try DelayRun([program.path, "2000"], calls: ["getppid", "wait4"], delegates: delegates)
        .run()
      #expect(outcome.status == 0 && outcome.abandoned == 0)
      #expect(outcome.delayed["getppid"] == 2000 && outcome.delayed["wait4"] == 2000)
    }

    /// The read is delayed, interrupted while it waits, and returns as sigaction(2) says.
    @Test(arguments: [(0, 100), (1, 11)]) func handlersInterruptOrRestart(restart: Int, status: Int32) throws
    {
      let program = try TestProgram(TestProgram.interruptedRead)
      for calls in [[], ["read"], ["read", "kill", "rt_sigreturn"]] {
        let outcome = try DelayRun([program.path, "\(restart)"], calls: calls, spinSeconds: 1e-6).run()
        #expect(outcome.status == status)
      }
    }

    @Test(.enabled(if: access("/proc/self/syscall", R_OK) == 0))
    func aProgramKilledInADelayedCallEndsTheDelay() throws {
      // The delay would be ten minutes, and the shell makes no such call. The call's number shows that the program is in it.
      let script = """
        '\(Self.synthetic)' --trials 0 --writes 0 & p=$!
        until read -r n rest < /proc/$p/syscall && [ "$n" = \(SystemCallNames.current.numbers["umask"] ?? -1) ]
        do :; done 2> /dev/null
        kill -9 $p; wait $p; exit 9
        """
      // The program may be killed before a delegate has taken its call, which then is not there to be abandoned.
      var abandoned = 0
      for _ in 0..<20 where abandoned == 0 {
        let outcome = try DelayRun(["sh", "-c", script], calls: ["umask"], spinSeconds: 600).run()
        #expect(outcome.status == 9 && outcome.delayedCount == 0)
        abandoned = outcome.abandoned
      }
      #expect(abandoned == 1)
    }

    @Test func programsKeepTheirOwnFilters() throws {
      let program = try TestProgram(TestProgram.ownFilter)
      let outcome = try DelayRun([program.path], calls: ["getppid", "umask"]).run()
      // The stricter filter wins: the refused call is never delayed.
      #expect(outcome.status == 42)
      #expect(outcome.delayed["getppid"] == 3 && outcome.delayed["umask"] == nil)
    }

    @Test func aSecondListenerIsRefused() throws {
      let program = try TestProgram(TestProgram.ownFilter)
      #expect(try DelayRun([program.path, "listener"], calls: ["getppid"]).run().status == EBUSY)
    }

    @Test func aProgramHandlesItsGroupsInterrupts() throws {
      // In a group of its own, or the test runner would be interrupted too.
      let program = try TestProgram(TestProgram.interruptsItsGroup)
      let outcome = try DelayRun(["setsid", "-w", program.path], calls: ["kill", "pause", "rt_sigaction"])
        .run()
      #expect(outcome.status == 7 && outcome.interruption == 0)
    }

    @Test func theTracerOutlivesInterruptsAndPassesRequestsToEndOn() throws {
      let script = "trap 'exit 3' TERM; kill -INT $PPID; kill -TERM $PPID; while :; do :; done"
      let outcome = try shell(script, ["kill"])
      #expect(outcome.status == 3 && outcome.interruption != 0)
    }

    #if arch(x86_64)
      /// 32-bit calls of a 64-bit program, and a program that is 32-bit altogether.
      @Test(arguments: [[], ["-m32"]]) func oldCallsAreDelayedByName(flags: [String]) throws {
        let program = try TestProgram(TestProgram.oldCalls, flags: flags + TestProgram.bare)
        // A kernel may be built without them.
        guard (try? DelayRun([program.path]).run().status) == 5 else { return }
        let outcome = try DelayRun([program.path], calls: ["getppid", "getuid32"]).run()
        #expect(outcome.status == 5)
        #expect(outcome.delayed == ["getppid": 7, "getuid32": 1])
        // semget has the 64-bit number 64, as getppid has in 32-bit code.
        #expect(try DelayRun([program.path], calls: ["semget"]).run().delayed == [:])
      }
    #endif
  }
#endif
