import Foundation
import HostSupport
import ImageBuilder
import Launch
import SCC
import Testing

/// Machines of several nodes, from the reset vector.
extension EmulatorTests {
  @Suite(.serialized) struct NodeTests {
    static let architectures: [Architecture] = [.i686, .x86_64]

    /// Stages a machine of `cores` nodes and boots it with commands for node 0's monitor.
    private func boot(
      _ arch: Architecture, cores: Int, input: String, expecting expectation: Expectation,
      sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
      let project = try Host.project()
      let description = try MachineDescription(
        text: "name = \"test-\(arch.rawValue)-\(cores)\"\n[[node]]\ncount = \(cores)\nmemory = 32\n",
        file: "test.toml", architecture: arch)
      let build = MachineBuild(description, project: project, toolchain: try await Host.toolchain())
      let (merged, _) = try await build.merge()
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      let memory = try SystemMemory(
        creating: folder + "/memory", byteCount: UInt64(description.memory) << 20)
      try ManagementConsole(memory: memory, merged: merged, report: { _ in }).stage()
      try await run(
        GuestMachine(
          architecture: arch, medium: .reset(rom: merged.rom, memory: memory.path), cpus: cores,
          memory: description.memory),
        input: input, expecting: expectation, sourceLocation: sourceLocation)
      // Whatever the nodes said themselves: the tables in memory, walked from outside.
      let isolation = try IsolationCheck(memory: memory, machine: description).run()
      #expect(isolation.walked.count == cores, sourceLocation: sourceLocation)
      #expect(isolation.violations.isEmpty, "\(isolation.violations)", sourceLocation: sourceLocation)
    }

    @Test(arguments: architectures)
    func fourNodesBootAndPassAMessageAround(arch: Architecture) async throws {
      try await boot(
        arch, cores: 4, input: "ring\nring 100\nisolation\nexit\n",
        expecting: .passes(
          "loaded by the start-up code", "ring: 4 hops", "ring: 400 hops", "isolation: 4 nodes checked",
          ", 0 lead outside"))
    }

    @Test(arguments: architectures)
    func theOthersGoOnWhenANodeIsKilled(arch: Architecture) async throws {
      try await boot(
        arch, cores: 4, input: "kill 2\nring\nnodes\nexit\n",
        expecting: .passes("node 2 is dead", "node 2 is fenced", "ring: 3 hops", "2 fenced", "3 of 4 nodes"))
    }

    @Test func fortyEightNodesBootFromResetAndPassAMessageAround() async throws {
      try await boot(
        .i686, cores: 48, input: "ring\nisolation\nexit\n",
        expecting: .passes("ring: 48 hops", "isolation: 48 nodes checked", ", 0 lead outside"))
    }
  }
}
