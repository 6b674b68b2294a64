import ArgumentParser
import CommandSupport
import Foundation
import HostSupport
import ImageBuilder
import Launch
import SCC

/// `apus scc`: machines of many kernels, as the management console of the Single-chip Cloud Computer sees them.
struct SCCCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scc",
    abstract: "Stages and boots machines of many kernels from reset, and looks into them.",
    discussion: """
      Examples:
        apus scc stage                       show every step up to the release of the reset pins
        apus scc boot --cores 48             stage, and boot it for real
        apus scc inspect                     the mesh of the machine that runs, or that was staged last
      """,
    subcommands: [StageCommand.self, SCCBootCommand.self, SCCInspectCommand.self])
}

/// Which machine.
struct SCCOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A description with [[node]]. (default: Images/scc.toml)", valueName: "file"))
  var machine: String?
  @Option(help: ArgumentHelp("The first so many nodes.", valueName: "number")) var cores: Int?
  @Option(help: "What all nodes are compiled for, if not what the description says.") var arch: Architecture?
  @Option(help: ArgumentHelp("Words to add to each kernel's command line.", valueName: "words")) var append:
    String?
  @Option(
    help: ArgumentHelp("The file that is the machine's memory. (default: in /dev/shm)", valueName: "file"))
  var memoryFile: String?
  @Option(help: ArgumentHelp("Which bare-metal product to boot.", visibility: .hidden)) var kernel:
    KernelProduct?

  mutating func validate() throws {
    if let cores, !(1...64).contains(cores) { throw ValidationError("--cores \(cores): allowed are 1 to 64") }
  }

  func description(_ project: Project) throws -> MachineDescription {
    var description = try MachineDescription(
      file: machine ?? "\(project.imagesFolder)/scc.toml", cores: cores, architecture: arch)
    for index in description.nodes.indices {
      if let kernel { description.nodes[index].kernel = kernel }
      if let append {
        description.nodes[index].commandLine = [description.nodes[index].commandLine, append]
          .filter { !$0.isEmpty }.joined(separator: " ")
      }
    }
    return description
  }

  /// The file of the machine's memory.
  var memoryPath: String { memoryFile ?? "/dev/shm/apus-\(getuid())-memory" }
}

/// `apus scc stage`.
struct StageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stage",
    abstract: "Does what the management console does before the cores run, and shows each step.")

  @OptionGroup var options: SCCOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    let description = try options.description(project)
    _ = try await stage(
      description, memory: options.memoryPath, project: project, toolchain: toolchain, report: { print($0) })
    print("the machine's memory is \(options.memoryPath)")
  }
}

/// Merges a machine and loads it into fresh memory.
func stage(
  _ description: MachineDescription, memory path: String, project: Project, toolchain: Toolchain,
  report: @escaping (String) -> Void
) async throws -> (machine: GuestMachine, kernels: [String]) {
  let build = MachineBuild(description, project: project, toolchain: toolchain)
  if description.start == .loader {
    let files = try await build.loaderFiles()
    _ = try SystemMemory(creating: path, byteCount: UInt64(description.memory) << 20)
    report("the first node starts the others")
    var machine = GuestMachine(
      architecture: description.nodes[0].architecture,
      medium: .kernel(
        path: files.kernel, modules: files.modules, commandLine: description.nodes[0].commandLine),
      cpus: description.nodes.count, memory: description.memory)
    machine.memoryFile = path
    return (machine, files.kernels)
  }
  let (merged, kernels) = try await build.merge()
  Terminal.shared.clearStep()
  let memory = try SystemMemory(creating: path, byteCount: UInt64(description.memory) << 20)
  try ManagementConsole(memory: memory, merged: merged, report: report).stage()
  let isWide = description.nodes.contains { $0.architecture == .x86_64 }
  var machine = GuestMachine(
    architecture: isWide ? .x86_64 : .i686, medium: .reset(rom: merged.rom),
    cpus: description.nodes.count, memory: description.memory)
  machine.memoryFile = path
  return (machine, kernels)
}
