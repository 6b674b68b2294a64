import ArgumentParser
import Foundation
import HostSupport
import ImageBuilder
import Launch

extension Architecture: ExpressibleByArgument {}
extension KernelProduct: ExpressibleByArgument {}
extension Emulator: ExpressibleByArgument {}
extension BootPath: ExpressibleByArgument {}
extension GuestMachine.Acceleration: ExpressibleByArgument {}

/// What is booted, and in which machine: the options that `run` and `debug` share.
struct MachineOptions: ParsableArguments {
  @Option(help: "The processor architecture. (default: x86_64, or the image's)")
  var arch: Architecture?

  @Option(
    help: ArgumentHelp(
      "An image description (.toml), a disc (.iso) or a linked kernel to boot. (default: Images/apus-ARCH.toml)",
      valueName: "file"))
  var image: String?

  @Option(help: "What loads the kernel: QEMU itself, or GRUB on a disc by Multiboot 1 (iso) or 2 (iso2).")
  var boot: BootPath?

  @Option(help: ArgumentHelp("The number of processors, 1 to 255.", valueName: "number"))
  var cpus: Int?

  @Option(help: ArgumentHelp("Memory in MiB, 16 to 65536.", valueName: "MiB"))
  var memory: Int?

  @Option(help: "What executes the guest: QEMU's translator, or the host's processor.")
  var accel: GuestMachine.Acceleration = .tcg

  @Option(help: ArgumentHelp("QEMU's processor model.", valueName: "model"))
  var cpu: String = "max"

  @Flag(help: "Count guest time in executed instructions: the same from run to run.")
  var icount = false

  @Flag(help: "Open no window, even where there is a display.")
  var headless = false

  @Option(
    help: ArgumentHelp(
      "Words to add to the kernel's command line; with --guest, the guest's command line.", valueName: "words"
    ))
  var append: [String] = []

  @Option(
    help: ArgumentHelp(
      "Words to add to the kernel's command line, whether there are guests or not.", valueName: "words"))
  var kernelAppend: String?

  @OptionGroup(title: "Guests") var guests: GuestOptions

  @Option(
    help: ArgumentHelp("The folder, archive or image that becomes the ramdisk.", valueName: "path"))
  var ramdisk: String?

  @Flag(help: "Boot to the kernel's own console, which lists the ramdisk, instead of a shell.")
  var monitor = false

  @Option(help: ArgumentHelp("Which bare-metal product to boot.", visibility: .hidden))
  var kernel: KernelProduct?

  @Option(
    help: ArgumentHelp("An argument for the emulator, as it is; may be repeated.", valueName: "argument"))
  var emulatorArgument: [String] = []

  mutating func validate() throws {
    if let cpus, !ImageDescription.allowedCPUs.contains(cpus) {
      throw ValidationError("--cpus \(cpus): allowed are 1 to 255")
    }
    if let memory, !ImageDescription.allowedMemory.contains(memory) {
      throw ValidationError("--memory \(memory): allowed are 16 to 65536 (MiB)")
    }
    if !guests.guest.isEmpty {
      if let arch, arch != .i686 {
        throw ValidationError("--guest with --arch \(arch.rawValue): only the kernel of i686 hosts guests")
      }
      if let boot, boot != .kernel {
        throw ValidationError("--guest with --boot \(boot.rawValue): guests are brought by --boot kernel")
      }
    }
    if guests.shell, monitor {
      throw ValidationError("--shell with --monitor: one of them has the terminal")
    }
    if icount && accel == .kvm {
      throw ValidationError("--icount counts what the translator executes; allowed with it: --accel tcg")
    }
  }

  /// Builds what is missing; returns the machine, and the kernel with its symbols if it is known.
  ///
  /// - Parameters:
  ///   - emulator: Bochs has no loader of its own, so it boots from a disc unless told otherwise.
  ///   - kernelWords: further words for the kernel's command line, which other options stand for.
  func prepare(
    project: Project, toolchain: Toolchain, emulator: Emulator = .qemu, kernelWords: [String] = []
  ) async throws -> (machine: GuestMachine, kernel: String?) {
    let path = boot ?? (emulator == .bochs ? .iso : .kernel)
    let arch = guests.guest.isEmpty ? arch : .i686
    let plans = try await guests.plans(
      commandLines: guests.guest.isEmpty ? [] : append, project: project)
    guard plans.isEmpty || emulator == .qemu else {
      throw ToolError("guests are brought by QEMU's own loader; allowed with --guest: --emulator qemu")
    }
    let neededMemory = try plans.isEmpty ? nil : GuestPlan.check(plans, besidePrograms: guests.shell)
    let append = (plans.isEmpty ? append : []) + (kernelAppend.map { [$0] } ?? [])
    var machine: GuestMachine
    var symbols: String?
    if let image, !image.hasSuffix(".toml") {
      guard plans.isEmpty else {
        throw ToolError("\(image) is a finished image: --guest needs a description, or none")
      }
      guard ramdisk == nil, append.isEmpty || !image.hasSuffix(".iso") else {
        throw ToolError("\(image) is a finished image: --append and --ramdisk cannot change it")
      }
      (machine, symbols) = try finishedImage(image, append.joined(separator: " "))
    } else {
      var description: ImageDescription
      if let image {
        description = try ImageDescription(file: image)
        if let arch, arch != description.architecture {
          throw ToolError(
            "\(image) is for \(description.architecture.rawValue), not for --arch \(arch.rawValue)")
        }
      } else {
        description = try ImageDescription(
          file: "\(project.imagesFolder)/apus-\((arch ?? .x86_64).rawValue).toml")
      }
      let plain = description
      if let kernel { description.kernel = kernel }
      let words =
        [description.commandLine] + kernelWords + (monitor ? ["monitor=on"] : [])
        + (guests.shell ? ["program=/bin/sh"] : []) + append
      description.commandLine = words.filter { !$0.isEmpty }.joined(separator: " ")
      if let ramdisk {
        description.ramdisk = URL(filePath: ramdisk).standardizedFileURL.path
      } else if guests.shell {
        description.ramdisk = try await ShellRamdisk(description.architecture, project: project).prepare()
      } else if image == nil, kernel == nil, !monitor, plans.isEmpty {
        do {
          description.ramdisk = try await ShellRamdisk(description.architecture, project: project).prepare()
        } catch {
          Terminal.shared.note("no shell, because Debian's busybox-static can't be had: \(error)")
        }
      }
      // A changed image does not take the place of the one that was described.
      if description != plain { description.name += "-run" }
      let plan = BootPlan(
        image: ImageBuild(description, project: project, toolchain: toolchain), path: path)
      (machine, symbols) = try await plan.prepare()
    }
    if case .kernel(let path, let modules, let commandLine) = machine.medium, !plans.isEmpty {
      machine.medium = .kernel(
        path: path, modules: modules + plans.flatMap(\.modules), commandLine: commandLine)
    }
    if let neededMemory {
      machine.memory = max(machine.memory, neededMemory)
      if let memory, memory < neededMemory {
        throw ToolError("--memory \(memory): the guests need a machine of at least \(neededMemory) MiB")
      }
    }
    if let cpus { machine.cpus = cpus }
    if let memory { machine.memory = memory }
    machine.acceleration = accel
    machine.processor = accel == .kvm && cpu == "max" ? "host" : cpu
    machine.countsInstructions = icount
    let environment = ProcessInfo.processInfo.environment
    machine.headless = headless || (environment["DISPLAY"] == nil && environment["WAYLAND_DISPLAY"] == nil)
    machine.extraArguments = emulatorArgument
    return (machine, symbols)
  }

  private func finishedImage(_ path: String, _ append: String) throws -> (GuestMachine, String?) {
    if path.hasSuffix(".iso") {
      _ = try Files.read(path)
      return (GuestMachine(architecture: arch ?? .x86_64, medium: .disc(path: path)), nil)
    }
    let bytes = try Files.read(path)
    let medium = GuestMachine.Medium.kernel(path: path, modules: [], commandLine: append)
    guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      // A flat file has no architecture and no symbols, but a loader can boot it.
      guard MultibootHeader(bytes).multiboot1 != nil else {
        throw ToolError("\(path) is neither .toml, .iso, ELF nor a flat file with a Multiboot header")
      }
      return (GuestMachine(architecture: arch ?? .i686, medium: medium), nil)
    }
    let file = try ELFFile(bytes, name: path)
    let architecture: Architecture = file.is64Bit ? .x86_64 : .i686
    if let arch, arch != architecture {
      throw ToolError("\(path) is for \(architecture.rawValue), not for --arch \(arch.rawValue)")
    }
    return (GuestMachine(architecture: architecture, medium: medium), path)
  }
}
