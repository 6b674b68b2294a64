import ArgumentParser
import Foundation
import HostSupport

/// The one command that builds, boots, debugs and measures the project.
@main
struct Apus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apus",
    abstract: "Builds, boots and examines the Apus kernel.",
    discussion: """
      Examples:
        swift run apus run                      boot the x86_64 kernel in QEMU
        swift run apus run --arch i686 --boot iso
        swift run apus doctor                   are all external tools there?
      """,
    subcommands: [
      Run.self, Debug.self, Test.self, BenchCommand.self, PathCommand.self, TraceCommand.self, Sizes.self,
      Doctor.self,
      Clean.self,
      GuestCommand.self, PredictCommand.self, SCCCommand.self, NodesCommand.self,
    ])

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error as ToolError {
      Terminal.shared.failure("apus", error)
      Foundation.exit(error.exitStatus)
    } catch {
      exit(withError: error)
    }
  }
}
