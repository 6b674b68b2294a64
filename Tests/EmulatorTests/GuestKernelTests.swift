import Bench
import Foundation
import GuestLab
import HostSupport
import ImageBuilder
import Launch
import Testing

/// The guest kernel of `Kernel/Guests/Guest`, which tries its host.
extension EmulatorTests {
  @Suite struct GuestKernels {
    private func lab() async throws -> GuestLab {
      GuestLab(project: try Host.project(), toolchain: try await Host.toolchain())
    }

    /// Boots guests and returns what was said; a kernel that panics or hangs is a failure.
    ///
    /// The machine counts instructions: what else the host does changes nothing.
    private func console(_ guests: [GuestLab.Guest]) async throws -> String {
      let lab = try await lab()
      let (machine, _) = try await lab.machine(guests, countsInstructions: true)
      return try await Turnstile.emulators.pass { try await lab.run(machine, timeout: 240) }
    }

    @Test func theGuestsOwnTestsPass() async throws {
      let lines = GuestReport.tests(
        in: try await console([.init("memory=8 audit=100", "run=tests", hasDisk: true)]))
      for line in lines where !line.isRight { Issue.record("\(line.name): \(line.detail)") }
      #expect(lines.count > 205)
      #expect(lines.count { $0.isSkipped } <= 1)
    }

    @Test func aBzImageIsBooted() async throws {
      let text = try await console([.init("memory=8", "run=tests", hasDisk: true, isBzImage: true)])
      let lines = GuestReport.tests(in: text)
      for line in lines where !line.isRight { Issue.record("\(line.name): \(line.detail)") }
      #expect(lines.count > 205)
    }

    @Test func everyWayToEndAGuestIsContainedAndNamed() async throws {
      let text = try await console([.init("memory=4 starts=1000 audit=50", "run=ends")])
      let lines = GuestReport.ends(in: text)
      for line in lines where !line.isRight { Issue.record("\(line.name): \(line.detail)") }
      #expect(lines.count >= 200)
      // All but those that went where nothing is.
      let named = text.split(whereSeparator: \.isNewline).count {
        $0.contains("guest: killed: ") && $0.contains("(guest 1) in ")
      }
      #expect(named >= 200)
      let series = try #require(GuestReport.series(in: text).first)
      #expect(series.killed == lines.count)
      #expect(series.framesBefore == series.framesAfter)
    }

    /// A part of `apus guest fuzz`.
    ///
    /// The machine counts instructions, so every host sees the same run.
    @Test(arguments: 1...8)
    func aGuestThatDoesAnythingHurtsNobody(seed: Int) async throws {
      let lab = try await lab()
      let result = try await Turnstile.emulators.pass {
        try await lab.fuzz(seed: seed, calls: 20_000, timeout: 240)
      }
      let series = result.series
      print(
        "seed \(seed): \(series.calls) calls, \(series.starts) lives, \(series.outlived) without an end, "
          + "the neighbour late by \(result.latest) us at most")
      #expect(series.calls >= 20_000 && series.killed >= series.outlived)
    }

    /// A part of `apus guest starts`.
    @Test func startsAndEndsLeaveTheMemoryAsItWas() async throws {
      let text = try await console([.init("memory=4 starts=300", "run=restart")])
      let series = try #require(GuestReport.series(in: text).first)
      #expect(series.starts == 300 && series.killed == 0)
      #expect(series.framesBefore == series.framesAfter)
    }

    /// The n-th start is refused its n-th allocation, until no start has as many.
    @Test func anAllocationThatFailsCostsNothing() async throws {
      let text = try await console([.init("memory=4 starts=150 refusing audit=50", "run=restart")])
      let series = try #require(GuestReport.series(in: text).first)
      #expect(series.starts == 150 && series.killed == 0)
      #expect(series.framesBefore == series.framesAfter)
      // The guest and its memory, two pages of the switch, tables, devices, an alarm with its thread: none begins without.
      let refused = text.split(whereSeparator: \.isNewline).count { $0.contains("no memory for") }
      print("\(refused) starts were refused an allocation and never began")
      #expect(refused >= 15)
      #expect(text.contains(": \(refused) starts of guest 1 were refused"))
    }

    @Test func twoSolversHaveTheSameResultAsOne() async throws {
      let text = try await console([
        .init("memory=4", "run=jacobi steps=50 instance=1"),
        .init("memory=4", "run=jacobi steps=50 instance=2"),
      ])
      let sums = text.split(whereSeparator: \.isNewline).compactMap { line in
        line.firstRange(of: ": sum ").map { line[$0.upperBound...] }
      }
      #expect(sums.count == 2 && Set(sums).count == 1, "\(sums)")
    }

    /// Two that compute side by side, with a fifth and three fifths of the processor: each takes as much longer.
    @Test func aShareOfTheProcessorIsKept() async throws {
      func ticks(_ guests: [GuestLab.Guest]) async throws -> [String: Int] {
        let samples = try SampleReader.read(try await console(guests)).finished
        return Dictionary(samples.map { ($0.name, $0.samples[0]) }, uniquingKeysWith: { first, _ in first })
      }
      let solver = "run=jacobi steps=4000 at=200"
      let whole = try await ticks([.init("memory=4", "\(solver) instance=1")])
      let parts = try await ticks([
        .init("memory=4 share=20", "\(solver) instance=1"),
        .init("memory=4 share=60", "\(solver) instance=2"),
      ])
      let needed = try #require(whole["guest/jacobi-1"])
      for (name, percent) in [("guest/jacobi-1", 20), ("guest/jacobi-2", 60)] {
        let taken = try #require(parts[name])
        let had = Double(needed) / Double(taken) * 100
        print("\(name): \(had) % of the processor, of \(percent)")
        #expect(abs(had - Double(percent)) <= Double(percent) / 20)
      }
    }

    /// What calls of the host may cost: exact counts, and the bound of the dearest.
    @Test func noCostOfAGuestIsAboveItsLimit() async throws {
      let lab = try await lab()
      let benchmark = GuestBenchmark(lab: lab, versions: [:])
      var medians: [String: Int] = [:]
      for machine in try await benchmark.measurements(wanted: [], timeout: 240) {
        let contents = try await Turnstile.emulators.pass { try await machine.run() }
        for (name, samples) in contents.finished { medians[name] = samples.sorted()[samples.count / 2] }
      }
      let bare = try await boot(
        arch: .i686, kernel: "BenchKernel", test: "jacobi", countsInstructions: true,
        expecting: .passes("bench 1 jacobi/bare end"))
      for (name, samples) in try SampleReader.read(bare.serial).finished {
        medians[name] = samples.sorted()[samples.count / 2]
      }
      for name in Limits.guestTable.keys { #expect(medians[name] != nil, "\(name) was not measured") }
      #expect(Limits.guestViolations(medians) == [])
    }
  }
}
