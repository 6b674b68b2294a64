import CommandFixture
import Foundation
import HostSupport

/// A folder of a test's own, in which it calls `apus predict`; gone with it.
final class Folder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "apus-predict-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func predict(_ arguments: String...) async throws -> CommandResult { try await predict(arguments) }

  func predict(_ arguments: [String]) async throws -> CommandResult {
    try await ApusCommand.run(["predict"] + arguments, in: path)
  }

  /// Runs a command of the shell in the folder.
  func shell(_ line: String) async throws -> CommandResult {
    try await Command("sh", ["-c", line], directory: path).result()
  }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
  }

  func read(_ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }

  var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}
