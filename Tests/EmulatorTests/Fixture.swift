import Foundation
import HostSupport
import ImageBuilder
import Launch

/// A tiny kernel of `Tests/Kernels`: assembled anew for each test into a folder of its own, which takes milliseconds.
func withFixture(_ name: String, _ body: (_ file: String) async throws -> Void) async throws {
  let project = try Host.project()
  let folder = try Files.makeTemporaryFolder()
  defer { try? Files.remove(folder) }
  let file = "\(folder)/\(name)"
  try await Command(
    "nasm",
    [
      "-f", "bin", "-I", project.path("Tests/Kernels/"), "-o", file,
      project.path("Tests/Kernels/\(name).asm"),
    ]
  ).output()
  try await body(file)
}

extension GuestMachine {
  /// A machine that boots a fixture.
  static func fixture(_ file: String) -> GuestMachine {
    GuestMachine(architecture: .i686, medium: .kernel(path: file, modules: [], commandLine: ""))
  }
}
