import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

extension EmulatorTests {
  /// The whole way from the sources to a disc, in two folders.
  @Suite struct Reproducibility {
    @Test(arguments: Architecture.allCases)
    func twoFoldersGiveTheSameDisc(architecture: Architecture) async throws {
      let toolchain = try await Host.toolchain()
      let original = try Host.project()
      let folder = try Files.makeTemporaryFolder()
      defer { try? Files.remove(folder) }
      // Another name of another length, in case a path finds its way into the image.
      let copy = Project(root: folder + "/a copy of the sources")
      try Files.makeFolder(copy.root + "/Tests")
      for name in ["Package.swift", "Kernel", "Boot", "Tools", "Images", "Tests/Kernels"] {
        try FileManager.default.copyItem(atPath: original.path(name), toPath: copy.path(name))
      }
      try Files.remove(copy.builtFolder)
      var discs: [[UInt8]] = []
      for project in [original, copy] {
        let description = try ImageDescription(
          file: project.path("Images/apus-\(architecture.rawValue).toml"))
        let image = ImageBuild(description, project: project, toolchain: toolchain)
        discs.append(try Files.read(try await image.disc(.multiboot2)))
      }
      let first = discs[0], second = discs[1]
      let difference = zip(first, second).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      #expect(
        first.count == second.count && difference == nil, "they differ from byte \(difference ?? -1) on")
    }
  }
}
