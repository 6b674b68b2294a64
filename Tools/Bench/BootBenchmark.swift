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

  /// Boots the kernel three times with 128 MiB.
  ///
  /// - Returns: the emulator's command line, and the results.
  /// - Throws: `ToolError` if the kernel can't be built or does not say what it cost.
  public func run(
    _ architecture: Architecture, wall: Bool
  ) async throws -> (commandLine: String, results: [BenchmarkResult]) {
    var description = try ImageDescription(
      file: "\(project.imagesFolder)/apus-\(architecture.rawValue).toml")
    description.commandLine = "log=debug"
    description.name += "-bench"
    let image = ImageBuild(description, project: project, toolchain: toolchain)
    var (machine, _) = try await BootPlan(image: image, path: .kernel).prepare()
    machine.memory = 128
    machine.countsInstructions = !wall
    var firstLine: [Int] = []
    var end: [Int] = []
    for _ in 0..<3 {
      let serial = try await Launcher(machine).run(.init(timeout: 120, input: [])).serial
      guard let cost = Self.cost(in: serial) else {
        throw ToolError(
          "the kernel did not say what its start-up cost", advice: "apus run --append log=debug")
      }
      firstLine.append(cost.firstLine)
      end.append(cost.end)
    }
    let unit = wall ? "ticks" : "instructions"
    let results = [("boot/first-line", firstLine), ("boot/start-up", end)].compactMap {
      BenchmarkResult(name: $0.0, arch: architecture.rawValue, unit: unit, samples: $0.1)
    }
    return (QEMU.command(for: machine).shellLine, results)
  }

  /// The two numbers in the kernel's line about its start-up, or `nil` if there is no such line.
  public static func cost(in serial: String) -> (firstLine: Int, end: Int)? {
    let pattern = /ticks since the entry: (\d+) to the first line, (\d+) to the end of start-up/
    guard let match = serial.firstMatch(of: pattern), let first = Int(match.1), let end = Int(match.2)
    else { return nil }
    return (first, end)
  }
}
