import Foundation
import HostSupport
import ImageBuilder
import Launch

/// Linux as a peer: Debian's kernel, and one small static program of ours in its initial file system.
///
/// It boots in the same emulator with the same arguments as our own kernel, and the program prints the same records.
public struct LinuxPeer: Sendable {
  /// What it is called in reports.
  public static let name = "linux"

  private let project: Project
  private let toolchain: Toolchain
  private let architecture: Architecture

  /// The peer for an architecture; nothing is fetched or built.
  public init(project: Project, toolchain: Toolchain, architecture: Architecture) {
    self.project = project
    self.toolchain = toolchain
    self.architecture = architecture
  }

  /// Debian's kernel for it.
  public var kernel: DebianKernel { DebianKernel(architecture, folder: project.path(".packages")) }

  /// The folder of the program's sources.
  private var sources: String { project.path("Tools/Bench/Peer") }
  private var folder: String { project.path(".build-peer/\(architecture.rawValue)") }

  /// How the program is compiled.
  ///
  /// By the Swift toolchain's own clang and linker, for no library at all. Without vector registers, so that a kernel
  /// that switches them lazily has nothing to switch, and without a frame pointer, as a system call has six arguments.
  var compilation: Command {
    let files = ["System", "Peer", "Switching", "Communicating", "Living"].map { "\(sources)/\($0).c" }
    return Command(
      toolchain.path(of: "clang"),
      [
        "--target=\(architecture.rawValue)-linux-gnu", "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror",
        "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-fno-asynchronous-unwind-tables", "-mno-sse",
        "-fomit-frame-pointer", "-nostdlib", "-static", "-fuse-ld=lld", "-Wl,--build-id=none", "-o",
        "\(folder)/peer",
      ] + files)
  }

  /// Brings the program up to date; returns its path.
  ///
  /// - Throws: `ToolError` if it does not compile.
  public func program() async throws -> String {
    try await FolderLock.hold(folder + "/lock") {
      var inputs = Fingerprint()
      inputs.add(word: compilation.shellLine)
      inputs.add(folder: sources, extensions: ["c", "h"])
      let path = folder + "/peer"
      if inputs.matches(stamp: path + ".stamp"), FileManager.default.fileExists(atPath: path) { return path }
      Terminal.shared.step("compiling the peer's program")
      try await compilation.output()
      try inputs.write(stamp: path + ".stamp")
      return path
    }
  }

  /// The file system that the kernel starts with: the program, as the first process.
  ///
  /// - Parameter threads: the program that measures threads of POSIX, if it is wanted.
  public static func initialFiles(program: [UInt8], threads: [UInt8]? = nil) -> [UInt8] {
    var entries = [CpioArchive.Entry(path: "init", permissions: 0o755, kind: .file(program))]
    if let threads { entries.append(.init(path: "pthread", permissions: 0o755, kind: .file(threads))) }
    return CpioArchive(entries: entries).bytes
  }

  /// The machine that measures `groups`.
  ///
  /// - Parameter processors: two for what threads on two processors do with each other; then the unit must be ticks.
  /// - Throws: `ToolError` saying why the peer can't be had.
  public func measurement(
    groups: [String], unit: BenchmarkResult.Unit, processors: Int = 1, timeout: Double,
    versions: [String: String]
  ) async throws -> BenchmarkMachine {
    let kernel = try await kernel.fetch()
    let files = folder + "/initramfs.cpio"
    var threads: [UInt8]?
    if groups.contains("pthread") {
      let program = PthreadProgram(project: project, toolchain: toolchain, architecture: architecture)
      threads = try Files.read(try await program.path())
    }
    try Files.write(
      Self.initialFiles(program: try Files.read(try await program()), threads: threads), to: files)
    // What stands behind `--` becomes the program's arguments.
    let machine = GuestMachine(
      architecture: architecture,
      medium: .kernel(
        path: kernel.image, modules: [files],
        commandLine: "console=ttyS0 quiet rdinit=/init -- " + groups.joined(separator: " ")),
      cpus: processors, countsInstructions: unit == .instructions)
    var versions = versions
    versions[Self.name] = kernel.version
    return BenchmarkMachine(
      title: "Linux on \(architecture.rawValue)", machine: machine, system: Self.name, wanted: [],
      timeout: timeout, versions: versions)
  }
}
