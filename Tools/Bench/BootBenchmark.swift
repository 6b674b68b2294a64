import HostSupport
import ImageBuilder
import Launch

/// What start-up costs, in guest instructions from the kernel's first ones.
public struct BootBenchmark: Sendable {
  /// The word by which the benchmark is asked for.
  public static let name = "boot"
  /// What it measures and how.
  public static let explanation = """
    from the kernel's first instructions to its first log line, and to the end of start-up, with 128 MiB; \
    counted by QEMU, read from the kernel's own log (log=debug)
    """

  private let project: Project
  private let toolchain: Toolchain

  /// A benchmark of the project's kernel.
  public init(project: Project, toolchain: Toolchain) {
    self.project = project
    self.toolchain = toolchain
  }

  /// Boots the kernel `runs` times and adds what it said to the report.
  ///
  /// - Throws: `ToolError` if the kernel can't be built or does not say what it cost.
  public func run(_ architecture: Architecture, runs: Int, into report: inout BenchmarkReport) async throws {
    var description = try ImageDescription(
      file: "\(project.imagesFolder)/apus-\(architecture.rawValue).toml")
    description.commandLine = "log=debug"
    description.name += "-bench"
    let image = ImageBuild(description, project: project, toolchain: toolchain)
    var (machine, _) = try await BootPlan(image: image, path: .kernel).prepare()
    machine.memory = 128
    machine.countsInstructions = true
    report.commands.append(QEMU.command(for: machine).shellLine)
    var firstLine: [UInt64] = []
    var end: [UInt64] = []
    for _ in 0..<runs {
      let serial = try await Launcher(machine).run(.init(timeout: 120, input: [])).serial
      guard let cost = Self.cost(in: serial) else {
        throw ToolError(
          "the kernel did not say what its start-up cost", advice: "apus run --append log=debug")
      }
      firstLine.append(cost.firstLine)
      end.append(cost.end)
    }
    report.measurements += [
      Measurement(
        name: "boot/first-line", architecture: architecture.rawValue, unit: .instructions, samples: firstLine),
      Measurement(
        name: "boot/start-up", architecture: architecture.rawValue, unit: .instructions, samples: end),
    ]
  }

  /// The two numbers in the kernel's line about its start-up, or `nil` if there is no such line.
  public static func cost(in serial: String) -> (firstLine: UInt64, end: UInt64)? {
    let pattern = /ticks since the entry: (\d+) to the first line, (\d+) to the end of start-up/
    guard let match = serial.firstMatch(of: pattern), let first = UInt64(match.1), let end = UInt64(match.2)
    else { return nil }
    return (first, end)
  }
}
