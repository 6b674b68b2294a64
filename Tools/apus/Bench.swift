import ArgumentParser
import Bench
import Foundation
import HostSupport
import ImageBuilder
import Launch

/// `apus bench`: boots the benchmark kernel and reports what it measured.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures the kernel: threads, switches, what they do with each other.",
    discussion: """
      By default in executed instructions, under -icount shift=0,sleep=off: exact, and the same in every run and on \
      every host.

      Examples:
        apus bench                                   everything, on x86_64
        apus bench yield --arch i686                 both ways to switch, in instructions
        apus bench yield --arch i686 --wall          the same in ticks of the time stamp counter
        apus bench preempt/timer --json bench.json   raw samples too
      """)

  @Argument(help: "Paths, or their first parts; all if there are none.") var names: [String] = []
  @Flag(help: "Explain each benchmark and stop.") var list = false
  @Option(help: "The processor architecture.") var arch: Architecture = .x86_64
  @Flag(help: "Measure in ticks of the time stamp counter, without counting instructions.") var wall = false
  @Option(help: ArgumentHelp("Write a report with all samples.", valueName: "file")) var json: String?
  @Option(help: ArgumentHelp("Write all samples, one a line.", valueName: "file")) var csv: String?
  @Option(help: ArgumentHelp("End a run after this many seconds.", valueName: "seconds")) var timeout:
    Double = 120
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    for name in names where Catalogue.entries(matching: name).isEmpty {
      throw ValidationError("no benchmark is called `\(name)`; `apus bench --list` explains them")
    }
  }

  func run() async throws {
    if list {
      print(
        Table(["name", "a sample is"], Catalogue.entries.map { [$0.name, $0.explanation] }).text,
        terminator: "")
      return
    }
    let (project, toolchain) = try await common.begin()
    let wanted = names.isEmpty ? Catalogue.entries : names.flatMap(Catalogue.entries(matching:))
    var results: [BenchmarkResult] = []
    var lines: [String] = []
    for method in arch == .i686 ? ["software", "hardware"] : ["software"] {
      // Only yields tell the methods apart by name; the rest is measured with the software's.
      let ours = wanted.filter {
        $0.group == "yield" ? $0.name.hasPrefix("yield/\(method)/") : method == "software"
      }
      var groups: [String] = []
      for entry in ours where !groups.contains(entry.group) { groups.append(entry.group) }
      for group in groups {
        let (line, measured) = try await measure(group, method, project, toolchain)
        lines.append(line)
        results += measured.filter { result in ours.contains { $0.name == result.name } }
      }
    }
    Terminal.shared.clearStep()
    let version =
      try await Command("qemu-system-x86_64", ["--version"]).output()
      .split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown"
    let report = BenchmarkReport(commandLines: lines, emulator: version, results: results)
    show(report)
    if let json { try Files.write(Array(try report.json()), to: json) }
    if let csv { try Files.write(report.csv, to: csv) }
  }

  private func measure(
    _ group: String, _ method: String, _ project: Project, _ toolchain: Toolchain
  ) async throws -> (String, [BenchmarkResult]) {
    Terminal.shared.step("measuring \(group)")
    if group == "boot" {
      return try await BootBenchmark(project: project, toolchain: toolchain).run(arch, wall: wall)
    }
    var description = try ImageDescription(
      text: "architecture = \"\(arch.rawValue)\"\nkernel = \"BenchKernel\"\n", file: "bench.toml")
    description.commandLine = "test=\(group) switch=\(method) console=serial"
    description.name = "bench-\(arch.rawValue)-\(group)-\(method)"
    let plan = BootPlan(
      image: ImageBuild(description, project: project, toolchain: toolchain), path: .kernel)
    var (machine, _) = try await plan.prepare()
    machine.countsInstructions = !wall
    let report = try await Launcher(machine).run(.init(timeout: timeout, input: []))
    guard report.outcome.isSuccess else {
      throw ToolError("\(group): \(report.outcome.sentence)\n\(QEMU.command(for: machine).shellLine)")
    }
    let unit = wall ? "ticks" : "instructions"
    let measured = try SampleReader.read(report.serial).compactMap {
      BenchmarkResult(name: $0.name, arch: arch.rawValue, unit: unit, samples: $0.samples)
    }
    return (QEMU.command(for: machine).shellLine, measured)
  }

  private func show(_ report: BenchmarkReport) {
    for line in report.commandLines { print(line) }
    print(report.emulator)
    let rows = report.results.map {
      [
        $0.name, $0.arch, $0.unit, "\($0.samples.count)", "\($0.min)", "\($0.median)", "\($0.p99)",
        "\($0.max)",
      ]
    }
    print(
      Table(
        ["name", "arch", "unit", "samples", "min", "median", "p99", "max"], rows,
        rightAligned: [3, 4, 5, 6, 7]
      )
      .text, terminator: "")
  }
}
