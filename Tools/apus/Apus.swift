import ArgumentParser
import CommandSupport
import PredictCommands

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

  static func main() async { await runAsMain() }
}
