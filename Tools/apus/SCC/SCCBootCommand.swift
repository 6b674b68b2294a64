import ArgumentParser
import CommandSupport
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
  @Flag(name: .customLong("mesh"), help: "Show the mesh filling up.") var showsMesh = false
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
    let watcher = showsMesh ? Task { await watch(description) } : nil
    let report = try await Launcher(machine).run(
      .init(timeout: timeout, relaysInput: true, output: filter.take))
    watcher?.cancel()
    await filter.release()
    Terminal.shared.headline(report.outcome.sentence, good: report.outcome.isSuccess)
    if report.outcome.exitStatus != 0 { throw ExitCode(report.outcome.exitStatus) }
  }
}

extension SCCBootCommand {
  /// Shows the mesh whenever it changes, until every node is online for every other.
  private func watch(_ description: MachineDescription) async {
    guard let memory = try? SystemMemory(opening: options.memoryPath) else { return }
    let view = MachineView(memory: memory, machine: description)
    let start = ContinuousClock.now
    var last = ""
    while !Task.isCancelled {
      let time = (ContinuousClock.now - start).formatted(.units(allowed: [.milliseconds], width: .narrow))
      if let mesh = try? view.mesh(), mesh != last {
        Terminal.shared.note("after \(time)\n" + mesh)
        last = mesh
      }
      if (try? view.completeCount()) == description.nodes.count {
        return Terminal.shared.note("all \(description.nodes.count) nodes are online after \(time)")
      }
      try? await Task.sleep(for: .milliseconds(500))
    }
  }
}

/// `apus scc inspect`.
struct SCCInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Draws the mesh with the state of each core, from the machine's memory.",
    discussion: "The machine may be running: its memory is read where the emulator has it.")

  @OptionGroup var options: SCCOptions
  @OptionGroup var common: CommonOptions
  @Flag(help: "Walk the page tables of every node, and show what leads outside its lookup table.")
  var isolation = false

  func run() async throws {
    let (project, _) = try await common.begin()
    let memory = try SystemMemory(opening: options.memoryPath)
    var options = options
    // Where the window lies depends on how many nodes there are.
    if options.cores == nil { options.cores = try MachineView(memory: memory).releasedCount() }
    let description = try options.description(project)
    let view = MachineView(memory: memory, machine: description)
    print(try view.mesh())
    print(try view.nodes())
    guard isolation else { return }
    let result = try IsolationCheck(memory: memory, machine: description).run()
    let mappings = result.walked.reduce(0) { $0 + $1.mappings }
    print(
      "\(result.walked.count) nodes have \(mappings) mappings; \(result.violations.count) lead outside their lookup tables"
    )
    guard result.violations.isEmpty else {
      throw ToolError(result.violations.prefix(20).joined(separator: "\n"))
    }
  }
}
