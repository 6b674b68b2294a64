import ArgumentParser
import Foundation
import HostSupport
import ImageBuilder
import Launch
import SCC

/// `apus scc boot`.
struct SCCBootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boot",
    abstract: "Stages a machine and boots it from the reset vector, without BIOS and boot loader.",
    discussion: """
      Standard input goes to node 0, whose monitor knows `nodes`, `links` and `ring`.

      Examples:
        apus scc boot --cores 48
        echo ring | apus scc boot --cores 4
      """)

  @OptionGroup var options: SCCOptions
  @OptionGroup var common: CommonOptions
  @Option(help: ArgumentHelp("End the run after this many seconds.", valueName: "seconds")) var timeout:
    Double?
  @Flag(help: "Print the emulator's command line, ready to paste, and stop.") var dryRun = false
  @Option(
    help: ArgumentHelp("An argument for the emulator, as it is; may be repeated.", valueName: "argument"))
  var emulatorArgument: [String] = []

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    let description = try options.description(project)
    var (machine, kernels) = try await stage(
      description, memory: options.memoryPath, project: project, toolchain: toolchain,
      report: { Terminal.shared.step($0) })
    machine.extraArguments = emulatorArgument
    Terminal.shared.clearStep()
    if dryRun { return print(QEMU.command(for: machine).shellLine) }
    let symbolizer = try kernels.first.map {
      try Symbolizer(kernel: $0, toolchain: toolchain, project: project)
    }
    let filter = ConsoleFilter(symbolizer: symbolizer) { Terminal.shared.output($0) }
    let report = try await Launcher(machine).run(
      .init(timeout: timeout, relaysInput: true, output: filter.take))
    await filter.release()
    Terminal.shared.headline(report.outcome.sentence, good: report.outcome.isSuccess)
    if report.outcome.exitStatus != 0 { throw ExitCode(report.outcome.exitStatus) }
  }
}

/// `apus scc inspect`.
struct SCCInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Draws the mesh with the state of each core, from the machine's memory."
  )

  @OptionGroup var options: SCCOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    _ = try await common.begin()
    let view = try MachineView(memory: SystemMemory(opening: options.memoryPath))
    print(try view.text())
  }
}
