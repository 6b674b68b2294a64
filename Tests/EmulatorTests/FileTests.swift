import FileSystemFormat
import FileSystemImage
import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

extension EmulatorTests {
  @Suite struct FileTrees {
    static let architectures: [Architecture] = [.i686, .x86_64]

    /// A folder that is gone when the test ends.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      try await body(folder)
    }

    /// A tree with a file, a program's mode and a link.
    private func makeTree(_ folder: String) throws {
      let files = FileManager.default
      try files.createDirectory(atPath: folder + "/etc", withIntermediateDirectories: true)
      try Files.write(Array("apus\n".utf8), to: folder + "/etc/hostname")
      try Files.write([UInt8](repeating: 7, count: 300_000), to: folder + "/data")
      #expect(chmod(folder + "/data", 0o4711) == 0)
      try files.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "etc/hostname")
    }

    /// Boots the test kernel on a ramdisk; the machine's memory is a file in `folder`.
    private func boot(
      _ arch: Architecture, test: String, ramdisk: String?, size: Int? = nil, memory: Int = 128,
      options: String = "", in folder: String, expecting expectation: Expectation
    ) async throws -> (report: Session.Report, memory: String) {
      var description = try ImageDescription(
        text: "architecture = \"\(arch.rawValue)\"\nkernel = \"TestKernel\"\n", file: "test.toml")
      description.commandLine = ["test=\(test)", options].filter { !$0.isEmpty }.joined(separator: " ")
      let name = URL(filePath: folder).lastPathComponent
      description.name = "test-\(arch.rawValue)-\(test)-\(name)"
      description.ramdisk = ramdisk
      description.ramdiskSize = size
      let image = ImageBuild(
        description, project: try Host.project(), toolchain: try await Host.toolchain())
      defer { try? Files.remove(image.folder) }
      var (machine, _) = try await BootPlan(image: image, path: .kernel).prepare()
      machine.memory = memory
      machine.memoryFile = folder + "/memory"
      return (try await run(machine, expecting: expectation), folder + "/memory")
    }

    /// The root comes as an archive, as an image and as an image without its free end; what the guest changes comes
    /// back to the host.
    @Test(arguments: architectures, ["archive", "image", "whole image"])
    func aTreeIsMountedChangedAndBroughtBack(arch: Architecture, kind: String) async throws {
      try await withFolder { folder in
        try makeTree(folder + "/tree")
        var ramdisk = folder + "/tree"
        if kind == "whole image" {
          let entries = try Folder.entries(of: folder + "/tree")
          ramdisk = folder + "/image"
          try Files.write(try ImageWriter.image(of: entries, byteCount: 8 << 20), to: ramdisk)
        }
        let (report, memory) = try await boot(
          arch, test: "files", ramdisk: ramdisk, size: kind == "image" ? 8 : nil, in: folder,
          expecting: .passes(
            kind == "archive" ? "files of a cpio archive" : "the root is an image of 8 MiB",
            "/etc/hostname: apus", "/made/link: by the guest", "through the terminal"))
        let saved = folder + "/saved"
        let leftOut = try SavedRoot.extract(from: memory, report: report, to: saved)
        #expect(leftOut == [])
        #expect(try Files.read(saved + "/data") == [UInt8](repeating: 7, count: 300_000))
        #expect(try Files.read(saved + "/second") == Array("by the guest\n".utf8))
        var status = stat()
        // An archive of a folder has two modes only, so that it does not depend on the builder's mask.
        let mode: mode_t = kind == "archive" ? 0o755 : 0o4711
        #expect(stat(saved + "/data", &status) == 0 && status.st_mode & 0o7777 == mode)
        #expect(stat(saved + "/made", &status) == 0 && status.st_mode & 0o7777 == 0o750)
        #expect(stat(saved + "/second", &status) == 0 && status.st_nlink == 2)
        let files = FileManager.default
        #expect(try files.destinationOfSymbolicLink(atPath: saved + "/link") == "etc/hostname")
        #expect(!files.fileExists(atPath: saved + "/etc/hostname"))
        #expect(try files.contentsOfDirectory(atPath: saved + "/tmp") == [])
      }
    }

    @Test(arguments: architectures)
    func aFileOf64MiBIsWrittenAndReadBack(arch: Architecture) async throws {
      try await withFolder { folder in
        // 16,384 blocks of content and 16 of pointers: one indirect, one double and its 14 or 15.
        _ = try await boot(
          arch, test: "files-large", ramdisk: nil, memory: 320, options: "ramdisk=96", in: folder,
          expecting: .passes("64 MiB in 16401 blocks, 0 wrong bytes, 0 blocks left over"))
      }
    }

    /// What is wrong with an image is said, and the node starts without it or does not change it.
    @Test(arguments: architectures)
    func aCorruptImageIsRefused(arch: Architecture) async throws {
      try await withFolder { folder in
        try makeTree(folder + "/tree")
        var image = try ImageWriter.image(of: Folder.entries(of: folder + "/tree"), byteCount: 4 << 20)
        image[100] = 1
        // The builder would refuse it too: it goes into the machine by hand.
        let (report, memory) = try await bootRaw(arch, image, in: folder)
        #expect(report.serial.contains("the ramdisk is refused: the checksum of the superblock is wrong"))
        #expect(report.serial.contains("no /etc/hostname"))
        #expect(throws: Never.self) { try SavedRoot.image(from: memory, report: report) }
      }
    }

    /// An image that was not unmounted in order is checked; with a wrong link count it is not changed.
    @Test(arguments: architectures)
    func anInconsistentImageIsMountedReadOnly(arch: Architecture) async throws {
      try await withFolder { folder in
        try makeTree(folder + "/tree")
        var image = try ImageWriter.image(of: Folder.entries(of: folder + "/tree"), byteCount: 4 << 20)
        try image.withUnsafeMutableBytes { bytes in
          var store = BlockStore(base: try #require(bytes.baseAddress), count: bytes.count)
          var superblock = try Superblock(of: store)
          superblock.state = .mounted
          superblock.write(to: &store)
          let second = try #require(superblock.geometry.offset(of: InodeNumber(2)))
          store.store(UInt32(9), at: second + InodeLayout.links)
        }
        _ = try await bootRaw(
          arch, image, in: folder,
          expecting: .fails(
            "was not unmounted in order", "read-only, because it contradicts itself", "/etc/hostname: apus",
            "refused with error 30"))
      }
    }

    private func bootRaw(
      _ arch: Architecture, _ image: [UInt8], in folder: String,
      expecting expectation: Expectation = .passes()
    ) async throws -> (report: Session.Report, memory: String) {
      var description = try ImageDescription(
        text: "architecture = \"\(arch.rawValue)\"\nkernel = \"TestKernel\"\n", file: "test.toml")
      description.commandLine = "test=files"
      let plan = BootPlan(
        image: ImageBuild(description, project: try Host.project(), toolchain: try await Host.toolchain()),
        path: .kernel)
      var (machine, kernel) = try await plan.prepare()
      try Files.write(image, to: folder + "/raw")
      machine.medium = .kernel(path: kernel, modules: [folder + "/raw"], commandLine: "test=files")
      machine.memoryFile = folder + "/memory"
      return (try await run(machine, expecting: expectation), folder + "/memory")
    }
  }
}
