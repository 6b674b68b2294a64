import Bench
import HostSupport
import ImageBuilder
import Launch
import Testing

/// The instrument itself: what it says twice must be the same.
extension EmulatorTests {
  @Suite struct Benchmarks {
    @Test(arguments: Architecture.allCases, ["yield", "hourglass"])
    func countedInstructionsAreTheSameInASecondRun(architecture: Architecture, group: String) async throws {
      let kernel = KernelBenchmark(
        project: try Host.project(), toolchain: try await Host.toolchain(), versions: [:])
      let turns = try await kernel.measurements(
        of: Catalogue.selection([group]), on: architecture, unit: .instructions, timeout: 120)
      for machines in turns {
        let report = try await Turnstile.emulators.pass {
          try await BenchmarkMachine.repeated(machines, .count(2))
        }
        #expect(report.results.count == (group == "yield" ? 2 : 1) * (architecture == .i686 ? 2 : 1))
        for result in report.results {
          #expect(result.spread == 0, "\(result.name)")
          let half = result.samples.count / 2
          #expect(
            half >= 1000 && result.samples.prefix(half) == result.samples.suffix(half), "\(result.name)")
        }
      }
    }

    @Test func aKernelThatPanicsInTheMiddleIsNoResult() async throws {
      try await withFixture("panics") { file in
        let machine = BenchmarkMachine(
          title: "made to panic", machine: .fixture(file), system: "apus",
          wanted: ["yield/software/same-space"],
          timeout: 60, versions: [:])
        let error = try await #require(throws: ToolError.self) {
          _ = try await Turnstile.emulators.pass { try await machine.run() }
        }
        #expect(error.exitStatus == Outcome.panic.exitStatus)
        #expect(error.message.contains("made to panic: panic"))
      }
    }

    /// Debian's kernel is not fetched for a test: who has measured a peer has it.
    private static func peerIsKept(_ architecture: Architecture) -> Bool {
      (try? Host.project()).map { DebianKernel(architecture, folder: $0.path(".packages")).kept != nil }
        ?? false
    }

    @Test(arguments: Architecture.allCases.filter(peerIsKept))
    func linuxMeasuresItselfInTheSameMachine(architecture: Architecture) async throws {
      let peer = LinuxPeer(
        project: try Host.project(), toolchain: try await Host.toolchain(), architecture: architecture)
      let machine = try await peer.measurement(
        groups: ["syscall", "yield"], unit: .instructions, timeout: 300, versions: [:])
      let report = try await Turnstile.emulators.pass {
        try await BenchmarkMachine.repeated([machine], .count(1))
      }
      let calls = [
        "syscall/getpid", architecture == .i686 ? "syscall/getpid-sysenter" : "syscall/getpid-int80",
      ]
      #expect(report.results.map(\.name) == calls + ["yield/same-space", "yield/other-space"])
      #expect(report.missing.isEmpty)
      // The kernels' own path takes hundreds of instructions; a call that failed at once would take fewer.
      for result in report.results { #expect(result.median > 200, "\(result.name)") }
    }
  }
}
