import Bench
import ImageBuilder
import Launch
import Testing

/// What operations may cost, by exact counts of instructions: no time is measured, so no load of the host matters.
extension EmulatorTests {
  @Suite struct CostLimits {
    @Test(arguments: Architecture.allCases)
    func noMedianIsAboveItsLimit(arch: Architecture) async throws {
      // One boot measures them all.
      var description = try ImageDescription(
        text: "architecture = \"\(arch.rawValue)\"\nkernel = \"BenchKernel\"\n", file: "bench.toml")
      description.commandLine = "console=serial"
      description.name = "limits-\(arch.rawValue)"
      let plan = BootPlan(
        image: ImageBuild(description, project: try Host.project(), toolchain: try await Host.toolchain()),
        path: .kernel)
      var (machine, _) = try await plan.prepare()
      machine.countsInstructions = true
      let report = try await run(machine, expecting: .passes("bench 1 "))
      var medians: [String: Int] = [:]
      for (name, samples) in try SampleReader.read(report.serial).finished {
        #expect(!samples.isEmpty, "\(name)")
        medians[name] = samples.sorted()[samples.count / 2]
      }
      let programs = Set(Catalogue.entries.filter { !$0.isOurs }.map(\.name))
      for name in Limits.table.keys where !name.hasPrefix("boot/") && !programs.contains(name) {
        #expect(medians[name] != nil, "\(name) was not measured")
      }
      #expect(Limits.violations(medians) == [])
    }

    /// The same of programs: the peer's, which measures Linux too, on our kernel.
    @Test(arguments: Architecture.allCases)
    func noMedianOfAProgramIsAboveItsLimit(arch: Architecture) async throws {
      let programs = ProgramBenchmark(
        project: try Host.project(), toolchain: try await Host.toolchain(), architecture: arch)
      let machine = try await programs.measurement(
        of: Catalogue.selection(["syscalls"]), unit: .instructions, timeout: 300, versions: [:])
      let report = try await Turnstile.emulators.pass {
        try await BenchmarkMachine.repeated([machine], .count(1))
      }
      #expect(report.missing.isEmpty)
      let medians = Dictionary(uniqueKeysWithValues: report.results.map { ($0.name, $0.median) })
      for name in machine.wanted { #expect(medians[name] != nil, "\(name) was not measured") }
      #expect(Limits.violations(medians) == [])
    }
  }
}
