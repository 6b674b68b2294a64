import ArgumentParser
import Bench
import CommandSupport
import HostSupport
import ImageBuilder

/// `apus path` shows where the instructions of a benchmark go.
struct PathCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "path",
    abstract: "Lists each instruction that the median sample of a benchmark executes.",
    discussion: """
      The emulator executes the benchmark kernel one instruction at a time and logs each; under icount that changes no \
      count. Docs/performance.md explains the listings.

      Examples:
        apus path yield/software/same-space
        apus path wake/interrupt-to-thread --arch i686
      """)

  @Argument(help: "A benchmark's path; `apus bench --list` shows them.") var name: String
  @Option(help: "The processor architecture.") var arch: Architecture = .x86_64
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    guard let entry = Catalogue.entries.first(where: { $0.name == name }) else {
      throw ValidationError("no benchmark is called `\(name)`; `apus bench --list` explains them")
    }
    if entry.group == "boot" { throw ValidationError("start-up is no sample of the benchmark kernel's") }
  }

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    guard let entry = Catalogue.entries.first(where: { $0.name == name }) else { return }
    Terminal.shared.step("listing \(name)")
    let path = try await PathBenchmark(project: project, toolchain: toolchain).run(entry, arch)
    Terminal.shared.clearStep()
    print(path.text, terminator: "")
  }
}
