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

    /// Boots a machine of `cores` nodes of one kind with commands for node 0's monitor.
    private func boot(
      _ arch: Architecture, cores: Int, start: String = "reset", input: String,
      expecting expectation: Expectation, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
      try await boot(
        MachineDescription(
          text: """
            name = "test-\(arch.rawValue)-\(cores)-\(start)"
            start = "\(start)"
            [[node]]
            count = \(cores)
            """, file: "test.toml", architecture: arch), input: input, expecting: expectation,
        sourceLocation: sourceLocation)
    }

    /// Boots a machine with commands for node 0's monitor, and checks afterwards that all kept to their memory.
    private func boot(
      _ description: MachineDescription, input: String, expecting expectation: Expectation,
      sourceLocation: SourceLocation, timeout: Double = 120,
      afterwards: (MachineView) throws -> Void = { _ in }
    ) async throws {
      let project = try Host.project()
      let build = MachineBuild(description, project: project, toolchain: try await Host.toolchain())
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      let memory = try SystemMemory(
        creating: folder + "/memory", byteCount: UInt64(description.memory) << 20)
      let medium: GuestMachine.Medium
      switch description.start {
      case .reset:
        let (merged, _) = try await build.merge()
        try ManagementConsole(memory: memory, merged: merged, report: { _ in }).stage()
        medium = .reset(rom: merged.rom)
      case .loader:
        let files = try await build.loaderFiles()
        medium = .kernel(path: files.kernel, modules: files.modules, commandLine: "")
      }
      let isWide = description.nodes.contains { $0.architecture == .x86_64 }
      var machine = GuestMachine(
        architecture: isWide ? .x86_64 : .i686, medium: medium, cpus: description.nodes.count,
        memory: description.memory)
      machine.memoryFile = memory.path
      try await run(
        machine, input: input, timeout: timeout, expecting: expectation, sourceLocation: sourceLocation)
      try afterwards(MachineView(memory: memory, machine: description))
      // Whatever the nodes said themselves: the tables in memory, walked from outside.
      let isolation = try IsolationCheck(memory: memory, machine: description).run()
      #expect(isolation.walked.count == description.nodes.count, sourceLocation: sourceLocation)
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

    @Test(arguments: architectures)
    func theFirstNodeStartsTheOthersAndRestartsOne(arch: Architecture) async throws {
      try await boot(
        arch, cores: 3, start: "loader",
        input: "ring\nkill 1\nring\nrestart 1\nring\nnodes\nisolation\nexit\n",
        expecting: .passes(
          "loaded by qemu", "ring: 3 hops", "node 1 is fenced", "ring: 2 hops", "ring: 3 hops",
          "3 of 3 nodes are online", "isolation: 3 nodes checked", ", 0 lead outside"))
    }

    /// The images lie in node 0's memory, too, when no loader has brought them.
    @Test(arguments: architectures)
    func aNodeIsRestartedAfterABootFromReset(arch: Architecture) async throws {
      try await boot(
        arch, cores: 3,
        input: "kill 1\nrestart 1\nring\nstop 2\nring\nrestart 2\nring\nunits\nnodes\nisolation\nexit\n",
        expecting: .passes(
          "node 1 is fenced", "ring: 3 hops", "node 2 is fenced", "ring: 2 hops", "ring: 3 hops",
          "units: 3 of 3 nodes", "3 of 3 nodes are online", "isolation: 3 nodes checked", ", 0 lead outside"))
    }

    /// Node 1 of i686 becomes one of x86_64, and itself again, while node 2 goes on.
    @Test func aNodeIsLoadedWithAnotherImageWhileTheOthersGoOn() async throws {
      let text = """
        name = "test-load"
        start = "loader"
        [[node]]
        architecture = "x86_64"
        [[node]]
        architecture = "i686"
        [[node]]
        architecture = "i686"
        [[image]]
        architecture = "x86_64"
        command-line = "log=debug"
        """
      try await boot(
        MachineDescription(text: text, file: "test.toml"),
        input:
          "ring\nnodes\nkill 1\nload 1 0\nnodes\nunits\nstop 1\nload 1 2\nload 1 9\nnodes\nunits\n"
          + "stop 2\nload 2 3\nnodes\nisolation\nexit\n",
        expecting: .passes(
          "1 online      32    1", "1 online      64    2", "units: 3 of 3 nodes",
          "there is no such node or image",
          "1 online      32    3", "units: 3 of 3 nodes", "2 online      64    2",
          "isolation: 3 nodes checked", ", 0 lead outside"),
        sourceLocation: #_sourceLocation)
    }

    @Test(arguments: architectures)
    func aHostileNodeIsContainedCountedAndReported(arch: Architecture) async throws {
      try await boot(
        arch, cores: 4, input: "hostile 2\nring 10\nunits\nnodes\nexit\n",
        expecting: .passes(
          "node 2 breaks the rules", "hostile: 4 of 4 nodes", "ring: 40 hops", "units: 4 of 4 nodes",
          "4 of 4 nodes are online"))
    }

    /// Its processor is the machine's first, which INIT sends to the reset vector: neither the ROM nor a BIOS may start the
    /// machine anew.
    @Test(arguments: architectures, ["reset", "loader"])
    func theDeathOfTheFirstNodeIsSurvivedByTheRest(arch: Architecture, start: String) async throws {
      let description = try MachineDescription(
        text: "name = \"test-first-\(arch.rawValue)-\(start)\"\nstart = \"\(start)\"\n[[node]]\ncount = 3\n",
        file: "test.toml", architecture: arch)
      try await boot(
        description, input: "will\nkill 0\n",
        // The node that fences node 0 ends the run, once a message went around those that are left.
        expecting: .passes("all 3 nodes are online"), sourceLocation: #_sourceLocation
      ) { view in
        // Nodes 1 and 2 see each other and nobody else; node 1 has fenced node 0.
        #expect(try view.word(.onlineLow, ofNode: 1) == 0b100)
        #expect(try view.word(.onlineLow, ofNode: 2) == 0b010)
        let beats = try (view.word(.heartbeat, ofNode: 0), view.word(.heartbeat, ofNode: 1))
        #expect(beats.1 > beats.0 + 50)
      }
    }

    @Test(arguments: architectures)
    func nodesCallEachOtherAndExchangeMessagesOfAllLengths(arch: Architecture) async throws {
      try await boot(
        arch, cores: 4,
        input: "call 1\nunits\nsync 40\nexchange 3\nnodes\nexit\n",
        expecting: .passes(
          "call: 0 bytes to node 1: replied", "call: 469 bytes to node 1: replied",
          "call: 65536 bytes to node 1: replied", "call: an unknown type: unsupported",
          // 5 lengths passed around, 3 of 24 bytes, 4 KiB put, 3 of 600 bytes from each.
          "units: 4 of 4 nodes, 342440 checked", "sync: 4 of 4 nodes, 1280 checked",
          "exchange: 4 of 4 nodes, 36000 checked", "4 of 4 nodes are online"))
    }

    @Test(arguments: architectures)
    func aDeadNodeFailsBarriersAndItsLockIsInherited(arch: Architecture) async throws {
      try await boot(
        arch, cores: 4, input: "death 2\nunits\nexit\n",
        expecting: .passes(
          "node 2 is dead", "death: node 2 died", "death: 3 of 4 nodes, 12 checked", "units: 3 of 3 nodes"))
    }

    @Test(arguments: ["loader", "reset"])
    func everyNodeIsKilledAndRestartedUnderLoad(start: String) async throws {
      try await boot(
        .i686, cores: 3, start: start, input: "storm 400\nunits\nexit\n",
        expecting: .passes(
          "storm: node 1 is back", "storm: node 2 is back", "storm: node 1 died", "storm: 1 of 3 nodes",
          "units: 3 of 3 nodes"))
    }

    /// The first message of a node's life, as it lies in the window afterwards, is the same from both kernels: words
    /// written down by hand from the layout in Docs/messages.md.
    @Test(arguments: architectures)
    func bothKernelsWriteTheSameBytes(arch: Architecture) async throws {
      let description = try MachineDescription(
        text: "name = \"test-golden-\(arch.rawValue)\"\n[[node]]\ncount = 2\n", file: "test.toml",
        architecture: arch)
      try await boot(
        description, input: "ring\nexit\n", expecting: .passes("ring: 2 hops"),
        sourceLocation: #_sourceLocation
      ) { view in
        for (from, to) in [(UInt32(0), UInt32(1)), (1, 0)] {
          // Two pending words, then for each ordered pair 192 bytes, 32 and 64 slots, 16 chunks of 4 KiB.
          let pair = 0x4000 + 128 + (from * 2 + to) * (192 + 96 * 64 + 16 * 4096)
          let slot = UInt64(pair + 192 + 32 * 64)
          let words = try (0..<9).map {
            try view.memory.word(at: description.window.system + slot + 4 * UInt64($0))
          }
          // Position 0 of some generation; version 1, type 1, normal priority; 20 bytes; from, to, no station.
          #expect(words[0] & 0xFFFF == 0 && words[0] >> 16 > 0)
          #expect(words[1] == 0x0002_0101 && words[2] == 20 && words[3] == to << 8 | from)
          // Generation 1 and the format: version 1 of the table, version 1 of messages, 0x4000 | 128.
          #expect(words[4] == 1 && words[5] == 0x0101_4080 && words[6...8] == [0, 0, 0])
        }
      }
    }

    /// What `apus bench node` and `nodes` type, twice: links that were used before are set up once more.
    @Test func measurementsOfNodesComeToTheirEnd() async throws {
      try await boot(
        .x86_64, cores: 2, input: "measure 1\nmeasure 2\nmeasure 1\nexit\n",
        expecting: .passes(
          "bench 1 node/ball-round-trip end 500", "bench 1 node/stream-468 end 40",
          "bench 1 nodes/from-1-to-1 end 20", "bench 1 nodes/barrier-messages/2 end 20",
          "bench 1 node/ball-round-trip end 500", "bench 1 node/stream-468 end 40"))
    }

    /// A shell on node 0 of three: `/proc` shows the others, and a program of i386 works with their units.
    @Test(arguments: architectures)
    func aProgramSpeaksWithTheOtherNodes(arch: Architecture) async throws {
      let project = try Host.project()
      guard let shell = try? await ShellRamdisk(arch, project: project).prepare() else { return }
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      try FileManager.default.copyItem(atPath: shell, toPath: folder + "/root")
      try await compile("units", to: folder + "/root/units")
      var description = try MachineDescription(
        text: "name = \"test-programs-\(arch.rawValue)\"\nstart = \"loader\"\n[[node]]\ncount = 3\n",
        file: "test.toml", architecture: arch)
      description.nodes[0].ramdisk = folder + "/root"
      try await boot(
        description,
        input: """
          while [ $(grep -c online /proc/nodes) != 3 ]; do sleep 0.1; done
          cat /proc/nodes /proc/links
          /units && /units && echo both sessions; echo left $?
          exit 0

          """,
        expecting: .passes(
          "node state     bits life heartbeat", "\n   2 online", "peer life      sent", "\n   1 online",
          "\n   2 online", "units: all checked", "units: all checked", "both sessions", "left 0"),
        sourceLocation: #_sourceLocation)
    }

    /// Compiles one of `Tests/Kernels/Programs` for i386.
    private func compile(_ name: String, to path: String) async throws {
      try await Command(
        try await Host.toolchain().path(of: "clang"),
        [
          "--target=i686-linux-gnu", "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding",
          "-fno-stack-protector", "-fno-pic", "-mno-sse", "-nostdlib", "-static", "-fuse-ld=lld",
          "-Wl,--build-id=none", "-o", path,
          try Host.project().path("Tests/Kernels/Programs/\(name).c"),
        ]
      ).output()
    }

    /// Programs on three nodes of one machine: a shell on the first, its session's other unit is a program on the second,
    /// and a shell script on the third reads what that node knows of the others.
    @Test(arguments: architectures)
    func programsOfTwoNodesSpeakWithEachOther(arch: Architecture) async throws {
      guard let shell = try? await ShellRamdisk(arch, project: try Host.project()).prepare() else { return }
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      try FileManager.default.copyItem(atPath: shell, toPath: folder + "/root")
      try await compile("units", to: folder + "/root/units")
      try Files.makeFolder(folder + "/second")
      try await compile("partner", to: folder + "/second/init")
      for start in ["loader", "reset"] {
        var description = try MachineDescription(
          text: """
            name = "test-pair-of-programs-\(arch.rawValue)-\(start)"
            start = "\(start)"
            [[node]]
            count = 3
            """, file: "test.toml", architecture: arch)
        description.nodes[0].ramdisk = folder + "/root"
        description.nodes[1].ramdisk = folder + "/second"
        description.nodes[2].ramdisk = shell
        description.nodes[2].commandLine =
          "program=/bin/sh -- -c 'while [ $(grep -c online /proc/nodes) != 3 ]; do sleep 0.1; done; "
          + "uname -n; cat /proc/links; exit 7'"
        try await boot(
          description,
          input: """
            while [ $(grep -c online /proc/nodes) != 3 ]; do sleep 0.1; done
            sleep 1; /units; echo left $?; sleep 1
            exit 0

            """,
          expecting: .passes("units: all checked", "left 0").besides(
            "[node 1] partner: ready", "[node 1] partner: 20 messages answered",
            "[node 1] the first program ended with status 0", "[node 2] apus-2",
            "[node 2] peer life      sent", "[node 2]    0 online",
            "[node 2] the first program ended with status 7"),
          sourceLocation: #_sourceLocation)
      }
    }

    @Test func twoKindsOfKernelsRunInOneMachine() async throws {
      let text = """
        name = "test-pair"
        start = "loader"
        [[node]]
        architecture = "x86_64"
        [[node]]
        architecture = "i686"
        """
      try await boot(
        MachineDescription(text: text, file: "test.toml"),
        input: "ring 10\nunits\nsync 40\nexchange 3\nnodes\nisolation\nexit\n",
        expecting: .passes(
          "Apus on x86_64", "ring: 20 hops", "units: 2 of 2 nodes", "sync: 2 of 2 nodes",
          "exchange: 2 of 2 nodes, 6000 checked", "0 online      64", "1 online      32",
          "isolation: 2 nodes checked", ", 0 lead outside"), sourceLocation: #_sourceLocation)
    }

    @Test func fortyEightNodesBootFromResetAndPassAMessageAround() async throws {
      try await boot(
        .i686, cores: 48, input: "ring\nisolation\nexit\n",
        expecting: .passes("ring: 48 hops", "isolation: 48 nodes checked", ", 0 lead outside"))
    }
  }
}
