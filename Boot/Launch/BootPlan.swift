import HostSupport
import ImageBuilder

/// How the kernel gets into the machine, in the words of the command line.
public enum BootPath: String, CaseIterable, Hashable, Sendable {
  /// By QEMU's own Multiboot 1 loader.
  case kernel
  /// From a disc, by GRUB's `multiboot`.
  case iso
  /// From a disc, by GRUB's `multiboot2`.
  case iso2
}

/// Brings an image up to date and puts it into a machine.
public struct BootPlan: Sendable {
  /// The image, with whatever the user changed about it for this run.
  public var image: ImageBuild
  /// How it is booted.
  public var path: BootPath

  /// A plan; nothing is built.
  public init(image: ImageBuild, path: BootPath) {
    self.image = image
    self.path = path
  }

  /// Builds what the path needs; returns the machine, with the description's processors and memory, and the kernel
  /// with its symbols.
  ///
  /// - Throws: `ToolError` with the command that failed.
  public func prepare() async throws -> (machine: GuestMachine, kernel: String) {
    let description = image.description
    let kernel = try await image.kernel().kernel
    let medium: GuestMachine.Medium
    switch path {
    case .kernel:
      let ramdisk = try await image.ramdisk()
      medium = .kernel(
        path: kernel, modules: ramdisk.map { [$0] } ?? [], commandLine: description.commandLine)
    case .iso: medium = .disc(path: try await image.disc(.multiboot1))
    case .iso2: medium = .disc(path: try await image.disc(.multiboot2))
    }
    let machine = GuestMachine(
      architecture: description.architecture, medium: medium, cpus: description.cpus,
      memory: description.memory)
    return (machine, kernel)
  }
}
