import ArgumentParser
import Foundation
import HostSupport
import ImageBuilder
import Launch

extension Architecture: ExpressibleByArgument {}
extension KernelProduct: ExpressibleByArgument {}
extension Emulator: ExpressibleByArgument {}
extension GuestMachine.Acceleration: ExpressibleByArgument {}

/// How the kernel gets into the machine, in the words of the command line.
enum BootPath: String, CaseIterable, ExpressibleByArgument {
  /// By the emulator's own Multiboot 1 loader.
  case kernel
  /// From a disc, by GRUB's `multiboot`.
  case iso
  /// From a disc, by GRUB's `multiboot2`.
  case iso2
}

/// `apus run`: build what is needed, boot it, show its console, end with its status.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Builds the kernel, boots it and shows its console.")

  @Option(help: "Processor architecture.") var arch: Architecture = .x86_64
  @Option(help: "Where the kernel is booted from.") var boot: BootPath = .kernel
  @Option(help: "Which emulator.") var emulator: Emulator = .qemu
  @Option(help: "Number of processors.") var cpus: Int = 1
  @Option(help: "Memory in MiB.") var memory: Int = 128
  @Option(help: "Seconds after which the run is ended.") var timeout: Double?
  @Option(help: "Added to the kernel's command line.") var append: String = ""
  @Option(help: ArgumentHelp("Which bare-metal product.", visibility: .hidden)) var kernel: KernelProduct = .kernel
  @Flag(help: "Print each command that is run.") var verbose = false

  func run() async throws {
    Terminal.shared.isVerbose = verbose
    let project = try Project.find()
    let toolchain = try await Toolchain.find()
    let built = try await KernelBuild(product: kernel, architecture: arch, project: project, toolchain: toolchain).run()
    let machine = GuestMachine(
      architecture: arch, medium: .kernel(path: built.kernel, modules: [], commandLine: append), cpus: cpus,
      memory: memory)
    Terminal.shared.clearStep()
    let symbolizer = try Symbolizer(kernel: built.kernel, toolchain: toolchain, project: project)
    let filter = ConsoleFilter(symbolizer: symbolizer) { FileHandle.standardOutput.write(Data($0)) }
    let report = try await Launcher(machine, emulator: emulator).run(
      .init(timeout: timeout, relaysInput: true, output: filter.take))
    await filter.release()
    if report.outcome == .tripleFault {
      let log = try await Launcher(machine).exceptions(timeout: 20)
      print("last exceptions before the reset:")
      print(await PanicReport(log.report()).symbolised(by: symbolizer), terminator: "")
    }
    Terminal.shared.headline(report.outcome.sentence, good: report.outcome.isSuccess)
    throw ExitCode(report.outcome.exitStatus)
  }
}
