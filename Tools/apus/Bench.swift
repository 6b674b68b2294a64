import ArgumentParser
import Bench
import Foundation
import HostSupport
import ImageBuilder

/// `apus bench`: measure the kernel in QEMU, in numbers that anyone can check.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures the kernel in QEMU, in guest instructions.",
    discussion: """
      Counts are exact and the same on every host (-icount shift=0,sleep=off); a second run must give the same \
      numbers. Raw samples are in the JSON; Docs/benchmarks.md describes it.

      Examples:
        apus bench --list                          what can be measured, and how
        apus bench boot                            both architectures
        apus bench boot --arch i686 --json out.json
      """)

  @Argument(help: ArgumentHelp("What to measure; see --list.", valueName: "name"))
  var names: [String] = []

  @Flag(help: "Explain each benchmark and stop.")
  var list = false

  @Option(help: "One architecture only. (default: both)")
  var arch: Architecture?

  @Option(help: ArgumentHelp("How often each is run, 1 to 1000.", valueName: "number"))
  var runs = 3

  @Option(help: ArgumentHelp("Also write the results, with raw samples, as JSON.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Also write the results as comma-separated values.", valueName: "file"))
  var csv: String?

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    guard (1...1000).contains(runs) else {
      throw ValidationError("--runs \(runs): allowed are 1 to 1000")
    }
    for name in names where name != BootBenchmark.name {
      throw ValidationError("'\(name)' is no benchmark: allowed are \(BootBenchmark.name)")
    }
    if names.isEmpty, !list { throw ValidationError("name a benchmark; --list explains them") }
  }

  func run() async throws {
    if list {
      print("\(BootBenchmark.name)  \(BootBenchmark.explanation)")
      return
    }
    let (project, toolchain) = try await common.begin()
    var report = BenchmarkReport(emulatorVersion: try await emulatorVersion())
    for architecture in arch.map({ [$0] }) ?? Architecture.allCases {
      Terminal.shared.step("measuring \(BootBenchmark.name) on \(architecture.rawValue)")
      try await BootBenchmark(project: project, toolchain: toolchain).run(
        architecture, runs: runs, into: &report)
    }
    Terminal.shared.clearStep()
    print(report.emulatorVersion)
    for command in report.commands { print("$ \(command)") }
    print(report.table, terminator: "")
    if let json { try Files.write(try report.json(), to: json) }
    if let csv { try Files.write(report.csv, to: csv) }
  }

  private func emulatorVersion() async throws -> String {
    let output = try await Command("qemu-system-x86_64", ["--version"]).output()
    return output.split(separator: "\n").first.map(String.init) ?? "QEMU of unknown version"
  }
}
