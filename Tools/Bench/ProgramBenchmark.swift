import Foundation
import HostSupport
import ImageBuilder
import Launch

/// The peer's program on our own kernel: the same binary that measures Linux, as the first process.
public struct ProgramBenchmark: Sendable {
  private let project: Project
  private let toolchain: Toolchain
  private let architecture: Architecture

  /// The benchmarks of programs for an architecture; nothing is built.
  public init(project: Project, toolchain: Toolchain, architecture: Architecture) {
    self.project = project
    self.toolchain = toolchain
    self.architecture = architecture
  }

  /// The machine that measures `groups`.
  ///
  /// - Parameter entries: what is wanted of them; what this architecture does not have is left out.
  /// - Throws: `ToolError` if kernel or program can't be built.
  public func measurement(
    of entries: [CatalogueEntry], unit: BenchmarkResult.Unit, timeout: Double, versions: [String: String]
  ) async throws -> BenchmarkMachine {
    let groups = Catalogue.programGroups(of: entries)
    let peer = LinuxPeer(project: project, toolchain: toolchain, architecture: architecture)
    let folder = project.path(".build-peer/\(architecture.rawValue)/ramdisk")
    try Files.remove(folder)
    try Files.makeFolder(folder)
    try Files.write(try Files.read(try await peer.program()), to: folder + "/init")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/init")
    if groups.contains("pthread") {
      let threads = PthreadProgram(project: project, toolchain: toolchain, architecture: architecture)
      try Files.write(try Files.read(try await threads.path()), to: folder + "/pthread")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/pthread")
    }
    var description = try ImageDescription(
      file: "\(project.imagesFolder)/apus-\(architecture.rawValue).toml")
    description.ramdisk = folder
    description.commandLine = "program=/init -- " + groups.joined(separator: " ")
    description.name += "-bench-program"
    let image = ImageBuild(description, project: project, toolchain: toolchain)
    var (machine, _) = try await BootPlan(image: image, path: .kernel).prepare()
    machine.memory = 128
    machine.countsInstructions = unit == .instructions
    let other = architecture == .x86_64 ? "syscall/getpid-sysenter" : "syscall/getpid-int80"
    return BenchmarkMachine(
      title: "programs on \(architecture.rawValue)", machine: machine, system: "apus",
      wanted: entries.filter { !$0.isOurs }.map(\.name).filter { $0 != other }, timeout: timeout,
      versions: versions)
  }
}
