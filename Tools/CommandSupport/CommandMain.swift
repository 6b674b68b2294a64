import ArgumentParser
import Foundation
import HostSupport

extension AsyncParsableCommand {
  /// Runs the command that the process's arguments name, and ends the process if it fails: a `ToolError` is shown under
  /// the command's name, and its exit status is the process's.
  public static func runAsMain() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error as ToolError {
      Terminal.shared.failure(configuration.commandName ?? "", error)
      Foundation.exit(error.exitStatus)
    } catch {
      exit(withError: error)
    }
  }
}
