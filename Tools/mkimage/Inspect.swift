import ArgumentParser
import CommandSupport
import HostSupport
import ImageBuilder

/// `mkimage inspect` shows what is in a file, and whether it is sound.
struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a kernel, a disc or a ramdisk contains, and checks it.",
    discussion: """
      A kernel must have both Multiboot headers, no segment that is writable and executable, no relocations, and no \
      SSE, MMX or x87 instruction and no use of memory below the stack pointer. The status is 1 if a check fails.

      Examples:
        mkimage inspect .build-x86_64/apus/Kernel.elf
        mkimage inspect Images/built/apus-i686/ramdisk.cpio
      """)

  @Argument(help: ArgumentHelp("ELF, ISO 9660 or cpio files.", valueName: "file"))
  var files: [String]
  @OptionGroup var common: CommonOptions

  func run() async throws {
    common.setTerminal()
    let toolchain = try await Toolchain.find()
    var failed = 0
    for file in files {
      let inspection = try await Inspection(file: file, toolchain: toolchain)
      print(inspection.text)
      for problem in inspection.problems { print("PROBLEM: \(problem)") }
      if inspection.problems.isEmpty { print("no problems found") } else { failed += 1 }
    }
    guard failed == 0 else {
      throw ToolError("\(failed) of \(files.count) files have problems; they are listed above")
    }
  }
}
