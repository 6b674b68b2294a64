import Foundation
import HostSupport
import ImageBuilder
import Launch

/// A Linux as a guest of our kernel, with the program that measures Linux as a peer.
///
/// What is compared is the same program under the same emulator: on the machine itself, and in a guest.
public struct LinuxGuest: Sendable {
  /// What it is called in reports.
  public static let name = "linux-guest"
  /// The environment variable that names a kernel built for lguest.
  public static let variable = "APUS_LINUX_GUEST"

  /// Whether the environment names a kernel.
  public static var isNamed: Bool { ProcessInfo.processInfo.environment[variable]?.isEmpty == false }

  private let project: Project
  private let toolchain: Toolchain
  private let kernel: String

  /// The guest whose kernel the environment names, or `nil`; nothing is built.
  public init?(project: Project, toolchain: Toolchain) {
    guard let kernel = ProcessInfo.processInfo.environment[Self.variable], !kernel.isEmpty else { return nil }
    (self.project, self.toolchain, self.kernel) = (project, toolchain, kernel)
  }

  /// The machine that measures `groups` in a guest.
  ///
  /// - Throws: `ToolError` if the guest's kernel is none, or something does not compile.
  public func measurement(
    groups: [String], unit: BenchmarkResult.Unit, timeout: Double, versions: [String: String]
  ) async throws -> BenchmarkMachine {
    let peer = LinuxPeer(project: project, toolchain: toolchain, architecture: .i686)
    let folder = project.path(".build-peer/\(Self.name)")
    try Files.makeFolder(folder)
    let files = folder + "/initramfs.cpio"
    try Files.write(LinuxPeer.initialFiles(program: try Files.read(try await peer.program())), to: files)
    let plan = GuestPlan(
      kernel: kernel, initrd: files, megabytes: 32,
      commandLine: "console=hvc0 quiet rdinit=/init -- " + groups.joined(separator: " "))
    let memory = try GuestPlan.check([plan])
    let description = try ImageDescription(file: "\(project.imagesFolder)/apus-i686.toml")
    let boot = BootPlan(
      image: ImageBuild(description, project: project, toolchain: toolchain), path: .kernel)
    var (machine, _) = try await boot.prepare()
    if case .kernel(let path, _, let commandLine) = machine.medium {
      machine.medium = .kernel(path: path, modules: plan.modules, commandLine: commandLine)
    }
    machine.memory = memory
    machine.countsInstructions = unit == .instructions
    return BenchmarkMachine(
      title: "Linux as a guest", machine: machine, system: Self.name, wanted: [], timeout: timeout,
      versions: versions)
  }
}
