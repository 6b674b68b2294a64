import ArgumentParser
import CommandSupport
import Foundation
import HostSupport
import ImageBuilder

/// `apus test`: the host's tests, then those in emulators.
struct Test: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the tests on the host, then the tests in emulators.",
    discussion: """
      The same tests as `swift test`, in the order from cheap to dear: a mistake in a module is found before an \
      emulator starts.

      Examples:
        apus test
        apus test --only host
        apus test --filter Paging
      """)

  /// A part of the tests.
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case host, emulator
  }

  @Option(help: "Only this part.") var only: Part?
  @Option(help: ArgumentHelp("Only tests whose name matches this pattern.", valueName: "pattern"))
  var filter: String?
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let (project, toolchain) = try await common.begin()
    var failures: [String] = []
    for part in only.map({ [$0] }) ?? Part.allCases {
      var arguments = ["test", "--package-path", project.root]
      arguments += part == .host ? ["--skip", "EmulatorTests"] : ["--filter", filter ?? "EmulatorTests"]
      if part == .host, let filter { arguments += ["--filter", filter] }
      if part == .emulator, filter != nil, only == nil { continue }
      let status = try await Command(toolchain.path(of: "swift"), arguments).statusInForeground()
      if status != 0 { failures.append(part.rawValue) }
    }
    guard failures.isEmpty else {
      throw ToolError(
        "tests failed: \(failures.joined(separator: ", "))", advice: "the transcripts are above")
    }
    Terminal.shared.headline("all tests passed", good: true)
  }
}
