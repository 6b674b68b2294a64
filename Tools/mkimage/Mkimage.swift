import ArgumentParser
import Foundation
import HostSupport

/// Makes and examines images.
@main
struct Mkimage: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mkimage",
    abstract: "Makes the images that Images/*.toml describe, and looks into images.",
    discussion: """
      Examples:
        swift run mkimage                                   make all images
        swift run mkimage build Images/apus-i686.toml
        swift run mkimage inspect Images/built/apus-x86_64/apus-x86_64.iso
      """,
    subcommands: [Build.self, Merge.self, Inspect.self, FileSystemCheckCommand.self, FileSystemCommand.self],
    defaultSubcommand: Build.self)

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error as ToolError {
      Terminal.shared.failure("mkimage", error)
      Foundation.exit(error.exitStatus)
    } catch {
      exit(withError: error)
    }
  }
}

/// What every subcommand understands.
struct CommonOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Print each external command that is run.")
  var verbose = false
}
