import ArgumentParser
import Foundation
import HostSupport
import ImageBuilder

extension GrubDisc.BootProtocol: ExpressibleByArgument {}

/// `mkimage merge`: parts that are there become one image.
struct Merge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Composes a linked kernel, a ramdisk and further boot modules into one bootable disc.",
    discussion: """
      Examples:
        mkimage merge --kernel .build-i686/apus/Kernel.elf --ramdisk Images/ramdisk --output my.iso
        mkimage merge --kernel Kernel.elf --module table.bin --append log=debug --protocol multiboot2 --output my.iso
      """)

  @Option(help: ArgumentHelp("The linked kernel, an ELF file.", valueName: "file")) var kernel: String
  @Option(help: ArgumentHelp("A folder to pack, or a packed cpio archive.", valueName: "path")) var ramdisk:
    String?
  @Option(help: ArgumentHelp("A further file for the loader to load; may be repeated.", valueName: "file"))
  var module: [String] = []
  @Option(help: ArgumentHelp("The kernel's command line.", valueName: "words")) var append: String = ""
  @Option(name: .customLong("protocol"), help: "How GRUB boots the kernel.")
  var bootProtocol: GrubDisc.BootProtocol = .multiboot1
  @Option(name: .shortAndLong, help: ArgumentHelp("The disc to make.", valueName: "file")) var output: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    Terminal.shared.isVerbose = common.verbose
    let toolchain = try await Toolchain.find()
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
}
