import ArgumentParser
import CommandSupport
import Foundation
import HostSupport
import ImageBuilder
import Launch

/// `apus debug`: the kernel under gdb from its first Swift instruction.
struct Debug: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Starts QEMU waiting for gdb, and gdb with the right symbols and architecture.",
    discussion: """
      The port is 25000 plus the user id, so that users of one machine do not meet. gdb stops at `kernel_entry`, the \
      first function in Swift; start-up code before it runs without paging and, on x86_64, in 32-bit mode. The \
      guest's console goes to a file, whose name is printed.

      Examples:
        apus debug
        apus debug --arch i686 --append log=debug
        apus debug --no-gdb                       only QEMU; prints the gdb command for another terminal
        apus debug --batch --execute backtrace    without a person: run these gdb commands, then end
      """)

  @OptionGroup var machineOptions: MachineOptions
  @OptionGroup var common: CommonOptions

  @Flag(inversion: .prefixedNo, help: "Start gdb.") var gdb = true
  @Flag(help: "Let gdb end after its commands.") var batch = false
  @Option(help: ArgumentHelp("A gdb command to run at kernel_entry; may be repeated.", valueName: "command"))
  var execute: [String] = []
  @Option(help: ArgumentHelp("The TCP port.", valueName: "port")) var port: Int?

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    let (machine, kernel) = try await machineOptions.prepare(project: project, toolchain: toolchain)
    Terminal.shared.clearStep()
    guard let kernel else {
      throw ToolError("this image has no symbols: `debug` needs a .toml image or an ELF kernel")
    }
    let session = DebugSession(
      machine: machine, kernel: kernel, port: port ?? DebugSession.defaultPort,
      folder: project.linkFolder(machine.architecture))
    let status = try await session.run(startsGDB: gdb, batch: batch, commands: execute)
    if status != 0 { throw ExitCode(status) }
  }
}
