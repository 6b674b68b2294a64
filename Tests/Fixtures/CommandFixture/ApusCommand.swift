import Foundation
import HostSupport

/// `apus` as a user calls it.
public enum ApusCommand {
  /// Runs the tool that was built with the tests.
  public static func run(_ arguments: [String], in directory: String? = nil) async throws -> CommandResult {
    // The tests' bundle and the tool are built into one folder.
    var folder = URL(filePath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
    while folder.path != "/",
      !FileManager.default.isExecutableFile(atPath: folder.appending(path: "apus").path)
    { folder.deleteLastPathComponent() }
    return try await Command(folder.appending(path: "apus").path, arguments, directory: directory).result()
  }
}
