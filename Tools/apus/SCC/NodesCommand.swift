import ArgumentParser
import CommandSupport
import Foundation
import HostSupport
import SCC

/// `apus nodes`: what the nodes of a machine say of themselves, while it runs.
struct NodesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes",
    abstract:
      "Shows the nodes of the machine that `apus scc boot` runs: state, load, messages, bytes, errors.",
    discussion: """
      Read from the machine's memory; no node is asked. With --watch messages and bytes are those of a second, and a \
      node whose heart has not beaten since the last look is silent.

      Examples:
        apus nodes
        apus nodes --watch                   again every second, until Ctrl-C
      """)

  @OptionGroup var options: SCCOptions
  @OptionGroup var common: CommonOptions
  @Flag(help: "Show it again every second.") var watch = false
  @Option(help: ArgumentHelp("With --watch: so often, then stop.", valueName: "number")) var times: Int?

  func run() async throws {
    let (project, _) = try await common.begin()
    let memory = try SystemMemory(opening: options.memoryPath)
    var options = options
    if options.cores == nil, options.machine == nil {
      options.cores = try MachineView(memory: memory).releasedCount()
    }
    let description = try options.description(project)
    let view = MachineView(memory: memory, machine: description)
    guard watch else { return print(try view.nodes(), terminator: "") }
    // A terminal shows one picture; a file or a pipe has one below the other.
    let clear = isatty(1) == 1 ? "\u{1B}[H\u{1B}[J" : ""
    var last = try view.snapshot()
    for round in 1... {
      try await Task.sleep(for: .seconds(1))
      let now = try view.snapshot()
      print(clear + view.nodes(now, since: last), terminator: "")
      fflush(nil)
      last = now
      if round == times { return }
    }
  }
}
