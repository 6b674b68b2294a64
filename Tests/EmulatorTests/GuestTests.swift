import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

/// Guests of `Tests/Kernels/Guests`, each a few instructions of ring 1.
extension EmulatorTests {
  @Suite struct Guests {
    /// Boots the kernel with guests side by side; the first module is the ramdisk.
    @discardableResult
    private func boot(
      _ guests: [String], expecting expectation: Expectation
    ) async throws -> Session.Report? {
      let project = try Host.project()
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      for guest in guests {
        try await Command(
          "nasm",
          [
            "-f", "bin", "-I", project.path("Tests/Kernels/Guests/"), "-o", "\(folder)/\(guest)",
            project.path("Tests/Kernels/Guests/\(guest).asm"),
          ]
        ).output()
      }
      let description = try ImageDescription(file: "\(project.imagesFolder)/apus-i686.toml")
      let plan = BootPlan(
        image: ImageBuild(description, project: project, toolchain: try await Host.toolchain()),
        path: .kernel)
      var (machine, _) = try await plan.prepare()
      guard case .kernel(let path, let modules, let commandLine) = machine.medium else { return nil }
      machine.medium = .kernel(
        path: path, modules: modules + guests.map { "\(folder)/\($0) guest memory=4" },
        commandLine: commandLine)
      return try await run(machine, expecting: expectation)
    }

    @Test func aGuestSpeaksAndEnds() async throws {
      try await boot(
        ["says"], expecting: .passes("hello from ring 1\n", "all is well\n", "guest: ended: done"))
    }

    @Test func guestsRunSideBySide() async throws {
      try await boot(
        ["says", "says"],
        expecting: .passes("hello from ring 1\n", "guest: ended: done", "guest: ended: done"))
    }

    private static let mistakes: [(guest: String, text: String)] = [
      ("halts-the-machine", "killed: the guest has no gate for trap 0xd"),
      ("calls-the-unknown", "killed: there is no hypercall 0x63"),
      ("touches-the-host", "killed: the top 4 MiB belong to the host; address 0xffe00000"),
      ("writes-the-switch", "killed: the top 4 MiB belong to the host; address 0xffc00000"),
      ("leaves-its-memory", "killed: the guest has no memory at guest-physical 0x7f000000"),
      ("loads-a-bad-segment", "killed: the guest has no gate for trap 0xd"),
    ]

    @Test(arguments: mistakes)
    func aMistakeEndsItsGuestAndNoOther(guest: String, text: String) async throws {
      let report = try await boot([guest, "says"], expecting: .fails(text))
      // Which of the two ends first is nobody's promise.
      #expect(report?.serial.contains("all is well") == true)
      #expect(report?.serial.contains("guest: ended: done") == true)
    }
  }
}
