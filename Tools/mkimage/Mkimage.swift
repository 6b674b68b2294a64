import ArgumentParser
import CommandSupport

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

  static func main() async { await runAsMain() }
}
