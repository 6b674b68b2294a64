import Foundation

/// A lock that two processes of these tools respect while they write to one folder.
///
/// `flock` belongs to the open file, so it also keeps two tasks of one process apart, and it goes away with the
/// process, however that ends.
public enum FolderLock {
  /// Runs `body` while holding the lock file `path`.
  ///
  /// Waits by polling, so that no thread of the concurrency pool is blocked.
  ///
  /// - Throws: `ToolError` if the lock file cannot be made, and what `body` throws.
  public static func hold<Result>(_ path: String, body: () async throws -> Result) async throws -> Result {
    try Files.makeFolder(URL(filePath: path).deletingLastPathComponent().path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw ToolError("cannot open \(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      try await Task.sleep(for: .milliseconds(20))
    }
    return try await body()
  }
}
