import Bench
import HostSupport
import ImageBuilder
import Launch
import SCC

/// Messages between the nodes of a machine, in ticks: several processors can't be measured by counting instructions.
///
/// The ordinary kernel does it, by its monitor's command `measure`, in a machine that starts from reset.
struct NodeBenchmark {
  let project: Project
  let toolchain: Toolchain
  let versions: [String: String]

  /// What must be booted to measure a group: two nodes for `node`, four for `nodes`.
  ///
  /// - Throws: `ToolError` if the kernel can't be built.
  func measurement(
    _ group: String, on architecture: Architecture, wanted: [String], timeout: Double
  ) async throws -> BenchmarkMachine {
    let cores = group == "node" ? 2 : 4
    let description = try MachineDescription(
      text: "name = \"bench-\(architecture.rawValue)-\(cores)\"\n[[node]]\ncount = \(cores)\n",
      file: "bench.toml", architecture: architecture)
    let (merged, _) = try await MachineBuild(description, project: project, toolchain: toolchain).merge()
    try Files.makeFolder(project.path(".build-bench"))
    let memory = try SystemMemory(
      creating: project.path(".build-bench/memory"), byteCount: UInt64(description.memory) << 20)
    try ManagementConsole(memory: memory, merged: merged, report: { _ in }).stage()
    var machine = GuestMachine(
      architecture: architecture, medium: .reset(rom: merged.rom), cpus: cores, memory: description.memory)
    machine.memoryFile = memory.path
    var measurement = BenchmarkMachine(
      title: "messages of \(cores) nodes on \(architecture.rawValue)", machine: machine, system: "apus",
      wanted: [], timeout: timeout, versions: versions)
    measurement.input = Array("measure \(group == "node" ? 1 : 2)\nexit\n".utf8)
    return measurement
  }
}
