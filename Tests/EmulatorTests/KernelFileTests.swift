import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

extension EmulatorTests {
  /// The linked kernel as a file, for those who look into it.
  @Suite struct KernelFile {
    @Test(arguments: Architecture.allCases)
    func theImageIsSound(architecture: Architecture) async throws {
      let toolchain = try await Host.toolchain()
      let built = try await KernelBuild(
        product: .kernel, architecture: architecture, project: try Host.project(), toolchain: toolchain
      ).run()
      let inspection = try await Inspection(file: built.kernel, toolchain: toolchain)
      #expect(inspection.problems == [])
      let total = SizeReport(text: String(decoding: try Files.read(built.sizes), as: UTF8.self)).total
      #expect(total.text + total.data <= 784 << 10)
    }

    @Test(arguments: Architecture.allCases)
    func whatStartsListsAndMonitorsIsSmall(architecture: Architecture) async throws {
      let built = try await KernelBuild(
        product: .benchKernel, architecture: architecture, project: try Host.project(),
        toolchain: try await Host.toolchain()
      ).run()
      let report = SizeReport(text: String(decoding: try Files.read(built.sizes), as: UTF8.self))
      // What it measures with is not what it is.
      let kernel = report.modules.filter { !$0.key.contains("Benchmarks") && !$0.key.contains("Jacobi") }
      #expect(kernel.values.reduce(0) { $0 + $1.text + $1.data } <= 192 << 10)
    }

    @Test(arguments: Architecture.allCases)
    func gdbStopsAtTheFirstSwiftFunction(architecture: Architecture) async throws {
      let image = ImageBuild(
        try ImageDescription(file: try Host.project().path("Images/apus-\(architecture.rawValue).toml")),
        project: try Host.project(), toolchain: try await Host.toolchain())
      let (machine, kernel) = try await BootPlan(image: image, path: .kernel).prepare()
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      // Above the ports of users and below those that the host hands out by itself.
      let port = 30_200 + Int(getpid()) % 1000 * 2 + (architecture == .i686 ? 0 : 1)
      let session = DebugSession(machine: machine, kernel: kernel, port: port, folder: folder)
      let said = try await Turnstile.emulators.pass {
        try await session.transcript(commands: ["info registers", "backtrace"])
      }
      #expect(said.contains("Breakpoint 1, kernel_entry"), "\(said)")
      #expect(said.contains(architecture == .i686 ? "eip " : "rip "), "\(said)")
      #expect(said.contains("Kernel/Startup/Image/Entry.swift:"), "\(said)")
    }
  }
}
