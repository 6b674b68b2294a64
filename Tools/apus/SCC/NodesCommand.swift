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
      Read from the machine's memory; no node is asked.

      Examples:
        apus nodes
        apus nodes --watch                   again every second, until Ctrl-C
      """)

  @OptionGroup var options: SCCOptions
  @OptionGroup var common: CommonOptions
  @Flag(help: "Show it again every second.") var watch = false

  func run() async throws {
    let (project, _) = try await common.begin()
    let memory = try SystemMemory(opening: options.memoryPath)
    var options = options
    if options.cores == nil, options.machine == nil {
      options.cores = try MachineView(memory: memory).releasedCount()
    }
    let description = try options.description(project)
    let view = MachineView(memory: memory, machine: description)
    repeat {
      // Home, then what is left of the last picture is cleared.
      if watch { print("\u{1B}[H\u{1B}[J", terminator: "") }
      print(try view.nodes(), terminator: "")
      fflush(nil)
      if watch { try await Task.sleep(for: .seconds(1)) }
    } while watch && !Task.isCancelled
  }
}
