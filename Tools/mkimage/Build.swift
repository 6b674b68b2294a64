import ArgumentParser
import CommandSupport
import Foundation
import HostSupport
import ImageBuilder
import Launch

/// `mkimage build`: the images, and how to boot each by hand.
struct Build: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes images and prints where they are and the QEMU command line that boots each.",
    discussion: """
      Examples:
        mkimage                                 all descriptions in Images/
        mkimage build Images/apus-i686.toml     only this one
      """)

  @Argument(help: ArgumentHelp("Image descriptions. (default: Images/*.toml)", valueName: "file"))
  var files: [String] = []
  @OptionGroup var common: CommonOptions

  func run() async throws {
    common.setTerminal()
    let project = try Project.find()
    let toolchain = try await Toolchain.find()
    let descriptions =
      files.isEmpty ? try ImageDescription.all(in: project) : try files.map { try ImageDescription(file: $0) }
    guard !descriptions.isEmpty else { throw ToolError("no descriptions in \(project.imagesFolder)") }
    for description in descriptions {
      let image = ImageBuild(description, project: project, toolchain: toolchain)
      var sections: [String] = []
      for path in BootPath.allCases {
        let (machine, kernel) = try await BootPlan(image: image, path: path).prepare()
        var lines: [String] = []
        switch machine.medium {
        case .kernel(_, let modules, _):
          let sizes = SizeReport(
            text: String(decoding: try Files.read(kernel.replacing(".elf", with: ".sizes")), as: UTF8.self)
          ).total
          lines.append("kernel   \(kernel)  (\(sizes.text + sizes.data) bytes of text and data)")
          for module in modules { lines.append("ramdisk  \(module)  (\(try Self.size(module)) bytes)") }
        case .reset: break  // no image is booted this way
        case .disc(let disc):
          let name = path == .iso ? "Multiboot 1" : "Multiboot 2"
          lines.append("disc     \(disc)  (\(try Self.size(disc)) bytes, \(name))")
        }
        lines.append("  " + QEMU.command(for: machine).shellLine)
        sections.append(lines.joined(separator: "\n"))
      }
      Terminal.shared.clearStep()
      print("\(description.name) (\(description.architecture.rawValue))")
      print(sections.joined(separator: "\n"))
      print()
    }
  }

  static func size(_ path: String) throws -> Int { try Files.read(path).count }
}
