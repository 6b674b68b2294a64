import ArgumentParser
import CommandSupport
import Foundation
import HostSupport
import ImageBuilder
import SCC

extension GrubDisc.BootProtocol: ExpressibleByArgument {}

/// `mkimage merge`: parts that are there become one image.
struct Merge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Composes a kernel, a ramdisk and further parts into a bootable disc, or a machine's images.",
    discussion: """
      Examples:
        mkimage merge --machine Images/scc.toml --output Images/built/scc
        mkimage merge --kernel .build-i686/apus/Kernel.elf --ramdisk Images/ramdisk --output my.iso
        mkimage merge --kernel Kernel.elf --module table.bin --append log=debug --protocol multiboot2 --output my.iso
      """)

  @Option(
    help: ArgumentHelp(
      "A description of several nodes: makes start-up ROM, flat images, lookup rules and an object for each memory controller.",
      valueName: "file")) var machine: String?
  @Option(help: ArgumentHelp("With --machine: the first so many nodes.", valueName: "number")) var cores: Int?
  @Option(help: ArgumentHelp("The linked kernel, an ELF file.", valueName: "file")) var kernel: String?
  @Option(help: ArgumentHelp("A folder to pack, or a packed cpio archive.", valueName: "path")) var ramdisk:
    String?
  @Option(help: ArgumentHelp("A further file for the loader to load; may be repeated.", valueName: "file"))
  var module: [String] = []
  @Option(help: ArgumentHelp("The kernel's command line.", valueName: "words")) var append: String = ""
  @Option(name: .customLong("protocol"), help: "How GRUB boots the kernel.")
  var bootProtocol: GrubDisc.BootProtocol = .multiboot1
  @Option(name: .shortAndLong, help: ArgumentHelp("The disc or folder to make.", valueName: "path"))
  var output: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    common.setTerminal()
    let toolchain = try await Toolchain.find()
    if let machine { return try await merge(machine: machine, toolchain) }
    guard let kernel else { throw ValidationError("--kernel or --machine says what is composed") }
    let elf = try ELFFile(Files.read(kernel), name: kernel)
    let problems = MultibootHeader(elf.bytes).problems(is64Bit: elf.is64Bit)
    guard problems.isEmpty else { throw ToolError("\(kernel): \(problems.joined(separator: "; "))") }
    var modules: [GrubDisc.Module] = []
    if let ramdisk {
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: ramdisk, isDirectory: &isFolder)
      let archive =
        exists && isFolder.boolValue
        ? try CpioArchive(folder: ramdisk) : try CpioArchive(Files.read(ramdisk), name: ramdisk)
      modules.append(.init(name: ImageBuild.ramdiskName, content: archive.bytes))
    }
    for file in module {
      let name = URL(filePath: file).lastPathComponent
      guard !modules.contains(where: { $0.name == name }), !["kernel", "grub"].contains(name) else {
        throw ToolError("two parts of the disc would be called \(name)")
      }
      modules.append(.init(name: name, content: try Files.read(file)))
    }
    Terminal.shared.step("making \(output)")
    try await GrubDisc(
      kernel: kernel, modules: modules, commandLine: append, bootProtocol: bootProtocol, toolchain: toolchain
    ).write(to: output)
    Terminal.shared.clearStep()
    print("\(output)  (\(try Files.read(output).count) bytes)")
  }

  private func merge(machine: String, _ toolchain: Toolchain) async throws {
    let description = try MachineDescription(file: machine, cores: cores)
    let build = MachineBuild(description, project: try Project.find(), toolchain: toolchain)
    let (merged, _) = try await build.merge(into: output)
    Terminal.shared.clearStep()
    print("start-up ROM   \(merged.rom)  (\(try Files.read(merged.rom).count) bytes)")
    print("lookup rules   \(merged.rules)")
    for node in description.nodes {
      print(
        "flat image     \(merged.flat(node.number))  (\(try Files.read(merged.flat(node.number)).count) bytes)"
      )
    }
    for controller in 0..<Mesh.controllerCount {
      let path = merged.object(controller)
      print("object         \(path)  (\(try Files.read(path).count) bytes)")
    }
  }
}
