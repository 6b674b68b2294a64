import ArgumentParser
import HostSupport
import ImageBuilder

/// What every subcommand understands.
public struct CommonOptions: ParsableArguments, Sendable {
  @Flag(name: .shortAndLong, help: "Print each external command that is run.")
  var verbose = false

  /// Nothing given.
  public init() {}

  /// Sets the terminal up.
  public func setTerminal() { Terminal.shared.isVerbose = verbose }

  /// Finds the project and the toolchain, and sets the terminal up.
  public func begin() async throws -> (project: Project, toolchain: Toolchain) {
    setTerminal()
    return (try Project.find(), try await Toolchain.find())
  }
}
