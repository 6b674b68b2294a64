import Foundation
import HostSupport
import ImageBuilder
import Testing

@testable import Bench

/// The peer: its program runs on this host's Linux too, without an emulator.
@Suite struct PeerTests {
  private static func peer(_ architecture: Architecture) async throws -> LinuxPeer {
    Terminal.shared.isQuiet = true
    return LinuxPeer(
      project: try Project.find(from: URL(filePath: #filePath).deletingLastPathComponent().path),
      toolchain: try await Toolchain.find(), architecture: architecture)
  }

  @Test func theProgramMeasuresWhatTheCatalogueNames() async throws {
    let program = try await Self.peer(.x86_64).program()
    let groups = ["syscall", "semaphore", "pipe", "thread", "process", "memory", "execute"]
    let read = try SampleReader.read(try await Command(program, groups).output())
    #expect(read.skipped.isEmpty && read.unfinished.isEmpty)
    #expect(
      read.finished.map(\.name) == [
        "syscall/getpid", "syscall/getpid-int80", "semaphore/round-trip", "pipe/round-trip-1",
        "pipe/round-trip-16", "pipe/processes-round-trip-1", "thread/create-run-exit-join",
        "process/fork-exit-wait", "process/fork-exec-wait", "process/vfork-exit-wait",
        "memory/first-touch",
        "execute/fork-exec-exit-wait",
      ])
    let known = Catalogue.entries.map { $0.isOurs ? $0.peerName : $0.name }
    for (name, samples) in read.finished {
      #expect(known.contains(name))
      #expect(samples.count >= 200)
    }
  }

  @Test(arguments: Architecture.allCases)
  func theProgramStandsForItself(architecture: Architecture) async throws {
    let file = try ELFFile(try Files.read(try await Self.peer(architecture).program()), name: "peer")
    #expect(file.is64Bit == (architecture == .x86_64))
    // No interpreter, no library: it starts where nothing else is.
    #expect(!file.segments.contains { $0.type == 2 || $0.type == 3 })
  }

  @Test func theFirstProcessIsTheProgram() throws {
    let archive = try CpioArchive(LinuxPeer.initialFiles(program: [1, 2, 3]), name: "initramfs")
    #expect(archive.entries.map(\.path) == ["init"])
    #expect(archive.entries.first?.permissions == 0o755)
    #expect(archive.entries.first?.kind == .file([1, 2, 3]))
  }

  @Test func theKernelsPackageIsTheOneThatIsDependedOn() {
    let text = "linux-image-686-pae\n  Depends: linux-image-6.1.0-50-686-pae\n  Suggests: linux-doc\n"
    #expect(DebianKernel.dependency(in: text) == "linux-image-6.1.0-50-686-pae")
    #expect(DebianKernel.dependency(in: "linux-image-amd64\n  Depends: <linux-image>\n") == nil)
  }

  @Test func withoutANetworkItSaysWhatFailed() async throws {
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    // Nothing listens on the discard port of this host.
    let kernel = DebianKernel(.i686, folder: folder, mirror: "http://127.0.0.1:9/debian")
    #expect(kernel.kept == nil)
    let error = try await #require(throws: ToolError.self) { _ = try await kernel.fetch() }
    #expect(error.message.contains("127.0.0.1") || error.message.contains("is not"))
    #expect(kernel.kept == nil)
  }

  @Test func aKeptKernelIsNotFetchedAgain() async throws {
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    try Files.write("kernel", to: folder + "/linux-x86_64/vmlinuz")
    try Files.write("linux-image 6", to: folder + "/linux-x86_64/version")
    let kernel = DebianKernel(.x86_64, folder: folder, mirror: "http://127.0.0.1:9/debian")
    #expect(try await kernel.fetch().version == "linux-image 6")
  }
}
