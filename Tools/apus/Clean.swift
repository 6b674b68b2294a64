import ArgumentParser
import CommandSupport
import HostSupport
import ImageBuilder

/// `apus clean`: back to the sources.
struct Clean: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Removes what was built: the kernels and Images/built, and with --all the host tools too.",
    discussion: """
      Examples:
        apus clean
        apus clean --all            the next `swift run` compiles the tools again
      """)

  @Flag(help: "Remove the host's build folder too.") var all = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    common.setTerminal()
    let project = try Project.find()
    var paths = Architecture.allCases.map(project.scratchFolder) + [project.builtFolder]
    paths += [".build-bench", ".build-peer"].map(project.path)
    if all { paths += [".build", ".packages"].map(project.path) }
    for path in paths {
      Terminal.shared.command("rm -rf \(Command.quoted(path))")
      try Files.remove(path)
    }
  }
}
