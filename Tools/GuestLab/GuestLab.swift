/// Machines whose kernel hosts guests of our own.

import HostSupport
import ImageBuilder
import Launch

/// Builds the kernel of i686 and the guest kernel, and puts both into a machine.
public struct GuestLab: Sendable {
  private let project: Project
  private let toolchain: Toolchain

  /// The guests of a project.
  public init(project: Project, toolchain: Toolchain) {
    self.project = project
    self.toolchain = toolchain
  }

  /// One guest: what the boot loader's module says of it, and its command line.
  public struct Guest: Sendable {
    /// Words such as `memory=4 starts=10`; `GuestDescription` reads them.
    public var description: String
    /// The guest's own command line.
    public var commandLine: String

    /// Whether it has a disk: a file that begins with `disk`, of 2 MiB.
    public var hasDisk: Bool

    /// Whether its kernel is packed as a bzImage.
    public var isBzImage: Bool

    /// A guest of our kernel.
    public init(
      _ description: String = "memory=8", _ commandLine: String, hasDisk: Bool = false,
      isBzImage: Bool = false
    ) {
      self.description = description
      self.commandLine = commandLine
      self.hasDisk = hasDisk
      self.isBzImage = isBzImage
    }
  }

  /// A machine that runs guests side by side, and the guest kernel with its symbols.
  ///
  /// - Throws: `ToolError` if something can't be built.
  public func machine(
    _ guests: [Guest], countsInstructions: Bool = false
  ) async throws -> (machine: GuestMachine, guestKernel: String) {
    let kernel = try await KernelBuild(
      product: .guestKernel, architecture: .i686, project: project, toolchain: toolchain
    ).run().kernel
    var description = try ImageDescription(file: "\(project.imagesFolder)/apus-i686.toml")
    description.commandLine = "console=serial"
    description.name = "guests-i686"
    let plan = BootPlan(
      image: ImageBuild(description, project: project, toolchain: toolchain), path: .kernel)
    var (machine, _) = try await plan.prepare()
    guard case .kernel(let path, let modules, let commandLine) = machine.medium else {
      throw ToolError("the kernel of i686 is not loaded by the emulator")
    }
    let disk = project.builtFolder + "/guest-disk"
    try Files.write(Array("disk".utf8) + [UInt8](repeating: 0, count: 2 << 20 - 4), to: disk)
    let packed = project.builtFolder + "/guest.bzImage"
    if guests.contains(where: \.isBzImage) { try Files.write(try await bzImage(of: kernel), to: packed) }
    let texts = guests.flatMap {
      ["\($0.isBzImage ? packed : kernel) guest \($0.description) -- \($0.commandLine)"]
        + ($0.hasDisk ? ["\(disk) guest-disk"] : [])
    }
    machine.medium = .kernel(path: path, modules: modules + texts, commandLine: commandLine)
    machine.countsInstructions = countsInstructions
    return (machine, kernel)
  }

  /// The kernel as Linux packs one: a part for real mode that only says how large it is and where to enter, behind it the
  /// kernel as it lies in memory (Linux's Documentation/x86/boot.txt).
  private func bzImage(of kernel: String) async throws -> [UInt8] {
    let flat = project.builtFolder + "/guest.flat"
    try await Command(toolchain.path(of: "llvm-objcopy"), ["-O", "binary", kernel, flat]).output()
    var setup = [UInt8](repeating: 0, count: 2 * 512)
    setup[0x1F1] = 1  // sectors behind the first
    setup.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
    (setup[0x206], setup[0x207]) = (0x07, 0x02)  // version 2.7 of the protocol
    setup[0x211] = 1  // loaded high
    setup[0x216] = 0x10  // entered at 1 MiB
    return setup + (try Files.read(flat))
  }

  /// Runs a machine to its end; the verdict may be that a guest was killed, but the kernel itself must not have failed.
  ///
  /// - Throws: `ToolError` with the console's last lines if it panicked, hung or ran out of time.
  public func run(_ machine: GuestMachine, timeout: Double) async throws -> String {
    let report = try await Launcher(machine).run(
      .init(timeout: timeout, input: [], hangPatience: timeout))
    switch report.outcome {
    case .passed, .failed: return report.serial.replacing("\r", with: "")
    default:
      let last = report.serial.split(whereSeparator: \.isNewline).suffix(20).joined(separator: "\n  | ")
      throw ToolError(
        "the host of the guests: \(report.outcome.sentence)\n  | \(last)",
        advice: QEMU.command(for: machine).shellLine, exitStatus: report.outcome.exitStatus)
    }
  }
}
