import Foundation
import HostSupport

/// A CD image on which GRUB boots a kernel, the same bit for bit whenever and wherever it is made.
///
/// `grub-mkrescue` puts random names and the time into its image. Here GRUB's core is made by `grub-mkimage`, the
/// folder is filled by us, and xorriso is told the one date that everything bears (SOURCE_DATE_EPOCH).
public struct GrubDisc: Sendable {
  /// Which protocol GRUB boots the kernel by.
  public enum BootProtocol: String, CaseIterable, Hashable, Sendable {
    /// Multiboot 1: GRUB's commands `multiboot` and `module`.
    case multiboot1
    /// Multiboot 2: `multiboot2` and `module2`.
    case multiboot2

    var kernelCommand: String { self == .multiboot1 ? "multiboot" : "multiboot2" }
    var moduleCommand: String { self == .multiboot1 ? "module" : "module2" }
  }

  /// A file that GRUB loads beside the kernel.
  public struct Module: Sendable {
    /// Its name, by which the kernel recognises it.
    public var name: String
    /// Its content.
    public var content: [UInt8]

    /// A module with known content.
    public init(name: String, content: [UInt8]) {
      self.name = name
      self.content = content
    }
  }

  /// The linked kernel; its symbols are left out of the image.
  public var kernel: String
  /// What is loaded beside it.
  public var modules: [Module]
  /// The kernel's command line.
  public var commandLine: String
  /// Which protocol it is booted by.
  public var bootProtocol: BootProtocol
  /// Whose llvm-objcopy removes the symbols.
  public var toolchain: Toolchain

  /// Describes a disc; nothing is made.
  public init(
    kernel: String, modules: [Module], commandLine: String, bootProtocol: BootProtocol, toolchain: Toolchain
  ) {
    self.kernel = kernel
    self.modules = modules
    self.commandLine = commandLine
    self.bootProtocol = bootProtocol
    self.toolchain = toolchain
  }

  /// GRUB modules in its core: reading the disc, both protocols, and the script language of grub.cfg.
  static let grubModules = ["biosdisk", "iso9660", "normal", "multiboot", "multiboot2"]
  /// The date of everything on the disc, in seconds since 1970: 2026-01-01, long after the epoch that some tools take
  /// for "no date".
  static let date = 1_767_225_600
  /// The same date as xorriso writes it, to hundredths of a second.
  static let discDate = "2026010100000000"

  /// The text of GRUB's configuration: boot at once, no menu.
  public var configuration: String {
    get throws {
      // In double quotes GRUB's script language gives `$`, `"` and `\` a meaning; single quotes have no escapes at all.
      guard !commandLine.contains(where: { $0 == "'" || $0.isNewline }) else {
        throw ToolError("a command line with ' or a line end cannot be written into grub.cfg: \(commandLine)")
      }
      let words = commandLine.split(separator: " ").map { "'\($0)'" }
      let kernelLine = ([bootProtocol.kernelCommand, "/boot/kernel"] + words).joined(separator: " ")
      let moduleLines = modules.map { "\(bootProtocol.moduleCommand) /boot/\($0.name) \($0.name)" }
      return ([kernelLine] + moduleLines + ["boot"]).joined(separator: "\n") + "\n"
    }
  }

  /// Makes the image.
  ///
  /// - Throws: `ToolError` with the command that failed and what it said.
  public func write(to output: String) async throws {
    let folder = try Files.makeTemporaryFolder()
    defer { try? Files.remove(folder) }
    let boot = folder + "/disc/boot"
    try Files.makeFolder(boot + "/grub")
    let content = try Files.read(kernel)
    if content.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
      // Debug information names the folder it was compiled in, and no loader needs it.
      try await Command(
        toolchain.path(of: "llvm-objcopy"), ["--strip-all", kernel, boot + "/kernel"]
      ).output()
      chmod(boot + "/kernel", 0o644)
    } else {
      try Files.write(content, to: boot + "/kernel")
    }
    for module in modules { try Files.write(module.content, to: "\(boot)/\(module.name)") }
    try Files.write(try configuration, to: boot + "/grub/grub.cfg")
    try await Command(
      "grub-mkimage",
      ["-O", "i386-pc-eltorito", "-p", "/boot/grub", "-o", boot + "/grub/core.img"] + Self.grubModules
    ).output()
    try await Files.replace(output) { temporary in
      try await Command(
        "xorriso",
        [
          "-as", "mkisofs", "-quiet", "-r", "-V", "APUS", "-b", "boot/grub/core.img", "-no-emul-boot",
          "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info", "--set_all_file_dates",
          Self.discDate,
          "-o", temporary, folder + "/disc",
        ], environment: ["SOURCE_DATE_EPOCH": "\(Self.date)", "TZ": "UTC"]
      ).output()
    }
  }
}
