import Foundation
import HostSupport

/// Runs `body` with a fresh folder that is gone afterwards.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let folder = try Files.makeTemporaryFolder()
  defer { try? Files.remove(folder) }
  return try await body(folder)
}

/// What an error says.
func complaint(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}
