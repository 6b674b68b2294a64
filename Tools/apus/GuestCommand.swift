import ArgumentParser
import CommandSupport
import Foundation
import GuestLab
import HostSupport
import ImageBuilder
import Launch

/// `apus guest`: what guests of our own try on their host.
struct GuestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "guest", abstract: "Runs the guest kernel of our own, which tries its host.",
    subcommands: [GuestTest.self, GuestFuzzCommand.self, GuestStarts.self])
}

/// `apus guest test`: what a guest survives, and what must end it, as TAP.
struct GuestTest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Runs the hypercall tests; one line each, as TAP.",
    discussion: """
      Calls with good arguments, exceptions, privileged instructions, ports, segments, page tables and interrupts are \
      tried by one guest. What must end a guest has a start of its own each.

      Examples:
        apus guest test
        apus guest test | grep -v ^ok
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    let lab = GuestLab(project: project, toolchain: toolchain)
    Terminal.shared.step("running the guest's tests")
    let (first, _) = try await lab.machine([.init("memory=8 audit=100", "run=tests", hasDisk: true)])
    var lines = GuestReport.tests(in: try await lab.run(first, timeout: 300))
    Terminal.shared.step("ending guests")
    let (second, _) = try await lab.machine([.init("memory=4 starts=1000 audit=50", "run=ends")])
    lines += GuestReport.ends(in: try await lab.run(second, timeout: 300))
    Terminal.shared.clearStep()
    for (index, line) in lines.enumerated() {
      print("\(line.isRight ? "ok" : "not ok") \(index + 1) - \(line.name)")
      if !line.detail.isEmpty { print("# \(line.detail)") }
    }
    print("1..\(lines.count)")
    let failures = lines.count { !$0.isRight }
    guard failures == 0 else { throw ToolError("\(failures) of \(lines.count) tests failed") }
  }
}

/// `apus guest fuzz`: a guest that does anything, beside one that must not notice.
struct GuestFuzzCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Lets a guest make random calls, change its tables and jump anywhere.",
    discussion: """
      The host must go on, and a neighbour keep its memory and its deadlines. Each seed is a run of its own, and \
      repeats itself.

      Examples:
        apus guest fuzz                            20 million calls over 8 seeds
        apus guest fuzz --seeds 3 --calls 200000   one seed, shorter
      """)

  @Option(help: ArgumentHelp("The seeds, separated by commas.", valueName: "numbers"))
  var seeds = "1,2,3,4,5,6,7,8"
  @Option(help: ArgumentHelp("Calls over all seeds together.", valueName: "number")) var calls = 20_000_000
  @Option(help: ArgumentHelp("End a seed's run after this many seconds.", valueName: "seconds"))
  var timeout: Double = 7_200
  @OptionGroup var common: CommonOptions

  private var numbers: [Int] { seeds.split(separator: ",").compactMap { Int($0) } }

  mutating func validate() throws {
    guard !numbers.isEmpty, numbers.count == seeds.split(separator: ",").count,
      numbers.allSatisfy({ (1...1_000_000).contains($0) })
    else { throw ValidationError("--seeds \(seeds): allowed are numbers from 1 to 1000000, with commas") }
    guard (numbers.count...1_000_000_000).contains(calls) else {
      throw ValidationError("--calls \(calls): allowed are \(numbers.count) to 1000000000")
    }
  }

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    let lab = GuestLab(project: project, toolchain: toolchain)
    var total = 0
    for seed in numbers {
      Terminal.shared.step("seed \(seed)")
      let result = try await lab.fuzz(
        seed: seed, calls: (calls + numbers.count - 1) / numbers.count, timeout: timeout)
      Terminal.shared.clearStep()
      total += result.series.calls
      print(
        "seed \(seed): \(result.series.calls) calls in \(result.series.starts) lives, \(result.series.outlived) of them "
          + "without an end of their own, \(result.series.audits) audits; "
          + "the neighbour was whole \(result.neighbours) times and \(result.latest) us late at most")
    }
    Terminal.shared.headline("\(total) calls; the host goes on", good: true)
  }
}

/// `apus guest starts`: guests that start and end, and what memory is left.
struct GuestStarts: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "starts", abstract: "Starts a guest again and again, and compares the free memory.",
    discussion: """
      Examples:
        apus guest starts --count 10000
      """)

  @Option(help: ArgumentHelp("How often.", valueName: "number")) var count = 10_000
  @Option(help: ArgumentHelp("End the run after this many seconds.", valueName: "seconds"))
  var timeout: Double = 7_200
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count \(count): allowed are 1 to 1000000")
    }
  }

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    let lab = GuestLab(project: project, toolchain: toolchain)
    Terminal.shared.step("starting \(count) guests")
    let (machine, _) = try await lab.machine([.init("memory=4 starts=\(count)", "run=restart")])
    let console = try await lab.run(machine, timeout: timeout)
    Terminal.shared.clearStep()
    guard let series = GuestReport.series(in: console).first, series.starts == count else {
      throw ToolError("not all of \(count) guests were started")
    }
    guard series.framesBefore == series.framesAfter else {
      throw ToolError(
        "\(series.framesBefore) frames were free after the first start, and \(series.framesAfter) after the last"
      )
    }
    Terminal.shared.headline(
      "\(series.starts) starts; \(series.framesAfter) frames free, as after the first", good: true)
  }
}
