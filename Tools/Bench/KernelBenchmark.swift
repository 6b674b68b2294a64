import HostSupport
import ImageBuilder
import Launch

/// The benchmark kernel: one boot measures one group with one way to switch.
public struct KernelBenchmark: Sendable {
  private let project: Project
  private let toolchain: Toolchain
  private let versions: [String: String]

  /// The benchmarks of a project's kernel.
  public init(project: Project, toolchain: Toolchain, versions: [String: String]) {
    self.project = project
    self.toolchain = toolchain
    self.versions = versions
  }

  /// What must be booted to measure `entries` on an architecture, group by group; each group's measurements take turns.
  ///
  /// - Throws: `ToolError` if the kernel can't be built.
  public func measurements(
    of entries: [CatalogueEntry], on architecture: Architecture, unit: BenchmarkResult.Unit, timeout: Double
  ) async throws -> [[BenchmarkMachine]] {
    var groups: [String] = []
    for entry in entries where entry.isOurs && !groups.contains(entry.group) { groups.append(entry.group) }
    var all: [[BenchmarkMachine]] = []
    // The kernel proper measures its start and nodes, guests what they are given; only i686 has the solver.
    let others = ["boot", "node", "nodes", "guest"] + (architecture == .i686 ? [] : ["jacobi"])
    for group in groups where !others.contains(group) {
      var turns: [BenchmarkMachine] = []
      for method in ["software", "hardware"] {
        // x86_64 has no hardware task switch.
        let wanted = entries.filter {
          $0.isOurs && $0.group == group && $0.switchMethod == method
            && (method == "software" || architecture == .i686)
        }
        guard !wanted.isEmpty else { continue }
        turns.append(
          try await measurement(
            group, method, architecture, wanted: wanted.map(\.name), unit: unit, timeout: timeout))
      }
      if !turns.isEmpty { all.append(turns) }
    }
    return all
  }

  private func measurement(
    _ group: String, _ method: String, _ architecture: Architecture, wanted: [String],
    unit: BenchmarkResult.Unit, timeout: Double
  ) async throws -> BenchmarkMachine {
    var description = try ImageDescription(
      text: "architecture = \"\(architecture.rawValue)\"\nkernel = \"BenchKernel\"\n", file: "bench.toml")
    // A host's processor needs a longer slice than one that counts instructions.
    let test = group == "hourglass" && unit == .ticks ? "hourglass-wall" : group
    description.commandLine = "test=\(test) switch=\(method) console=serial"
    description.name = "bench-\(architecture.rawValue)-\(group)-\(method)"
    let plan = BootPlan(
      image: ImageBuild(description, project: project, toolchain: toolchain), path: .kernel)
    var (machine, _) = try await plan.prepare()
    machine.countsInstructions = unit == .instructions
    return BenchmarkMachine(
      title: "\(group) on \(architecture.rawValue), \(method) switch", machine: machine, system: "apus",
      wanted: wanted, timeout: timeout, versions: versions)
  }
}
