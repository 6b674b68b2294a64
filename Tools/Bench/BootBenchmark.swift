import HostSupport
import ImageBuilder
import Launch

/// What start-up costs, in guest instructions from the kernel's first ones.
///
/// The kernel itself logs it (`log=debug`): the count runs from the entry code to its first line, and to the end of
/// start-up.
public struct BootBenchmark: Sendable {
  private let project: Project
  private let toolchain: Toolchain

  /// A benchmark of the project's kernel.
  public init(project: Project, toolchain: Toolchain) {
    self.project = project
    self.toolchain = toolchain
  }

  /// Boots the kernel with 128 MiB; each boot is a run of one sample.
  ///
  /// - Throws: `ToolError` if the kernel can't be built or does not say what it cost.
  public func run(
    _ architecture: Architecture, unit: BenchmarkResult.Unit, _ repetition: Repetition, timeout: Double,
    versions: [String: String]
  ) async throws -> [BenchmarkResult] {
    var description = try ImageDescription(
      file: "\(project.imagesFolder)/apus-\(architecture.rawValue).toml")
    description.commandLine = "log=debug"
    description.name += "-bench"
    let image = ImageBuild(description, project: project, toolchain: toolchain)
    var (machine, _) = try await BootPlan(image: image, path: .kernel).prepare()
    machine.memory = 128
    machine.countsInstructions = unit == .instructions
    var firstLine: [[Int]] = []
    var end: [[Int]] = []
    while !repetition.isEnough(
      runs: end.count, medians: [firstLine.flatMap { $0 }, end.flatMap { $0 }])
    {
      let report = try await Launcher(machine).run(.init(timeout: timeout, input: []))
      let shell = QEMU.command(for: machine).shellLine
      guard report.outcome.isSuccess else {
        throw ToolError(
          "boot: \(report.outcome.sentence)", advice: shell, exitStatus: report.outcome.exitStatus)
      }
      guard let cost = Self.cost(in: report.serial) else {
        throw ToolError("the kernel did not say what its start-up cost", advice: shell)
      }
      firstLine.append([cost.firstLine])
      end.append([cost.end])
    }
    return [("boot/first-line", firstLine), ("boot/start-up", end)].compactMap {
      BenchmarkResult(
        name: $0.0, arch: architecture.rawValue, unit: unit, runs: $0.1,
        commandLine: QEMU.command(for: machine).shellLine, versions: versions)
    }
  }

  /// Boots to a shell with 128 MiB, and counts to where it has shown its prompt and looks for input.
  ///
  /// - Parameter shell: the folder that becomes the ramdisk.
  /// - Throws: `ToolError` if the kernel can't be built or does not say what it cost.
  public func runToPrompt(
    of shell: String, _ architecture: Architecture, unit: BenchmarkResult.Unit, _ repetition: Repetition,
    timeout: Double,
    versions: [String: String]
  ) async throws -> [BenchmarkResult] {
    var description = try ImageDescription(
      file: "\(project.imagesFolder)/apus-\(architecture.rawValue).toml")
    description.ramdisk = shell
    description.commandLine = "log=debug"
    description.name += "-bench-prompt"
    let image = ImageBuild(description, project: project, toolchain: toolchain)
    var (machine, _) = try await BootPlan(image: image, path: .kernel).prepare()
    machine.memory = 128
    machine.countsInstructions = unit == .instructions
    var runs: [[Int]] = []
    while !repetition.isEnough(runs: runs.count, medians: [runs.flatMap { $0 }]) {
      let report = try await Launcher(machine).run(.init(timeout: timeout, input: []))
      let command = QEMU.command(for: machine).shellLine
      guard report.outcome.isSuccess else {
        throw ToolError(
          "boot/prompt: \(report.outcome.sentence)", advice: command, exitStatus: report.outcome.exitStatus)
      }
      guard let cost = Self.promptCost(in: report.serial) else {
        throw ToolError("the kernel did not say what came before the prompt", advice: command)
      }
      runs.append([cost])
    }
    return [
      BenchmarkResult(
        name: "boot/prompt", arch: architecture.rawValue, unit: unit, runs: runs,
        commandLine: QEMU.command(for: machine).shellLine, versions: versions)
    ].compactMap { $0 }
  }

  /// The number in the kernel's line about the first program that looks for input, or `nil` if there is no such line.
  public static func promptCost(in serial: String) -> Int? {
    serial.firstMatch(of: /ticks since the entry: (\d+) to the first look for input/).flatMap { Int($0.1) }
  }

  /// The two numbers in the kernel's line about its start-up, or `nil` if there is no such line.
  public static func cost(in serial: String) -> (firstLine: Int, end: Int)? {
    let pattern = /ticks since the entry: (\d+) to the first line, (\d+) to the end of start-up/
    guard let match = serial.firstMatch(of: pattern), let first = Int(match.1), let end = Int(match.2)
    else { return nil }
    return (first, end)
  }
}
