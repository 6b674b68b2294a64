import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

extension EmulatorTests {
  /// Discs that GRUB boots, with a fixture for a kernel.
  @Suite struct Discs {
    private func makeDisc(_ kernel: String, to output: String) async throws {
      try await GrubDisc(
        kernel: kernel, modules: [.init(name: "ramdisk.cpio", content: CpioArchive(entries: []).bytes)],
        commandLine: "log=debug words", bootProtocol: .multiboot1, toolchain: try await Host.toolchain()
      ).write(to: output)
    }

    @Test func aDiscBootsInQEMU() async throws {
      try await withFixture("passes") { file in
        try await makeDisc(file, to: file + ".iso")
        let machine = GuestMachine(architecture: .i686, medium: .disc(path: file + ".iso"))
        try await run(machine, expecting: .passes(status: 7, "ready\n"))
      }
    }

    @Test func theSameDiscBootsInBochs() async throws {
      try await withFixture("echoes") { file in
        try await makeDisc(file, to: file + ".iso")
        let machine = GuestMachine(architecture: .i686, medium: .disc(path: file + ".iso"))
        try await run(
          machine, emulator: .bochs, input: "to and fro", timeout: 240,
          expecting: .passes("listening\n", "to and fro", "bye\n"))
      }
    }

    @Test func aTripleFaultInBochsIsToldToo() async throws {
      try await withFixture("triple-faults") { file in
        try await makeDisc(file, to: file + ".iso")
        let machine = GuestMachine(architecture: .i686, medium: .disc(path: file + ".iso"))
        try await run(machine, emulator: .bochs, timeout: 240, expecting: .tripleFaults())
      }
    }

    @Test func aDiscIsTheSameFromTwoFolders() async throws {
      let project = try Host.project()
      let toolchain = try await Host.toolchain()
      let kernel = try await KernelBuild(
        product: .kernel, architecture: .i686, project: project, toolchain: toolchain
      ).run().kernel
      let ramdisk = try CpioArchive(folder: project.path("Images/ramdisk")).bytes
      var discs: [[UInt8]] = []
      for _ in 0..<2 {
        let folder = try Files.makeTemporaryFolder()
        defer { try? Files.remove(folder) }
        try await GrubDisc(
          kernel: kernel, modules: [.init(name: "ramdisk.cpio", content: ramdisk)], commandLine: "a=b",
          bootProtocol: .multiboot2, toolchain: toolchain
        ).write(to: folder + "/disc.iso")
        discs.append(try Files.read(folder + "/disc.iso"))
      }
      #expect(discs[0] == discs[1])
    }
  }
}
